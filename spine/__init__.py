"""What happened and what is due."""
