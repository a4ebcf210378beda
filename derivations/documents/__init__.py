"""Derived results as text, LaTeX, JSON and a book; the reference pages."""
