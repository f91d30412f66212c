"""The catalogue: what people can take for what they earned, and bringing it to them."""
