"""Following references of several frequencies."""
