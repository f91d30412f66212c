"""Programs, links, touches, conversions, and why each is credited to whom."""
