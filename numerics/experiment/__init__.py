"""The experiment: N neurons simulated and trained in plain numpy, without a line of theory."""
