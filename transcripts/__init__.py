"""Conversations and the files they come in: `Transcript`, `Turn`, one reader and writer per format, roles."""
