"""The pages on which staff look after what programs hand out."""
