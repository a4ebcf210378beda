"""The theory of any linear plant, rank and leak."""
