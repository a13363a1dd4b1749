"""The commands of `mendline`, a module for each kind. `cli.py` puts them together.

Each is its options and one call. Everything heavy is imported inside them, so that help stays quick.
"""
