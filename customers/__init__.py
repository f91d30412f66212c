"""The people whom the brand knows, and what the law lets them ask of it."""
