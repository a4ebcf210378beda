"""The theory as numbers: code generated from the symbolic expressions."""
