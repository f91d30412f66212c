"""The advocates' pages about what they earn."""
