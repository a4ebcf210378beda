"""Every claim of the paper, what decides it, and the verdict."""
