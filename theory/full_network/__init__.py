"""Full networks: the space in which they learn, the small network there, and its limit for many neurons."""
