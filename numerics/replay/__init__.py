"""Runs to be made, and their results: closed loop, open loop, tracking."""
