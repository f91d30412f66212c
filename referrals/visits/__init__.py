"""Visits to links: where they land, what they leave with the visitor, and how they are counted."""
