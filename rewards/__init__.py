"""What is promised for recommendations, under which plan, and what it was promised for."""
