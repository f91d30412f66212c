"""Due work that only tests have, with a sweep and a task of its own."""
