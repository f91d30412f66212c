"""How the brand looks and speaks: its row, its mail, its pages' frame and components."""
