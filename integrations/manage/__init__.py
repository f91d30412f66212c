"""The staff's pages of the room."""
