"""Programs as they are designed: drafts, publication, their life, and what their rules say in words."""
