"""Events on their way out to other systems."""
