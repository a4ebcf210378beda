"""Runs over many seeds or epochs, and what is measured on them."""
