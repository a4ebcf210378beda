"""The theory of open-loop learning in numbers: the agent as a filter, its exact descent, its spike."""
