"""The store of a review: annotated sessions, and what each coder said of their turns, in one SQLite file."""
