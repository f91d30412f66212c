"""The pages of advocates, their friends and visitors."""
