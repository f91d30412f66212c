"""The people who signed up: users, profiles, roles."""
