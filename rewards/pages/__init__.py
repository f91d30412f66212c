"""The pages on which people see what they earned."""
