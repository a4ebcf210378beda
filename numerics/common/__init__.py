"""What theory and experiment share: plants, weights, files, errors."""
