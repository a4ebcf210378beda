"""The theory of tracking in numbers: transfer functions and transients."""
