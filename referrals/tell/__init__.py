"""What people are told of it: explanations, advocates' stories and letters, and how programs do."""
