"""What people bring in by files."""
