"""The experiment on moving targets: signals, the loop that follows them, training, the staircase."""
