"""The figures of the paper, drawn from fresh runs."""
