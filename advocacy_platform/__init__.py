"""The site that is composed of the rooms below; nobody imports it."""
