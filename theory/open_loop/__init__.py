"""The agent without its environment."""
