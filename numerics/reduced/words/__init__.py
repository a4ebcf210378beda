"""Full linear networks through the space of words in their initial weights, exact where it closes."""
