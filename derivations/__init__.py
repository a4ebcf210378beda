"""Where theory and experiment meet: derived results, the checks between the two, figures, and the command."""
