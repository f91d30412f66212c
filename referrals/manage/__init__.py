"""The staff's pages about programs, conversions and links."""
