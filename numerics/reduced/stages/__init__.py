"""The three stages in numbers: found on a run, and what theory says of each."""
