"""Nonlinear neurons with Gaussian weights."""
