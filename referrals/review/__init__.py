"""What people look into: stopped conversions, claims, and all that is known about one conversion."""
