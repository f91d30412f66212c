"""The pages on which people see what they earned, and have it paid out."""
