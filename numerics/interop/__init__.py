"""Doors to other libraries: python-control, scipy.signal, xarray, pandas."""
