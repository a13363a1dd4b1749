"""One module per file format. Each has the same names; see `mendline.transcripts.reading`."""
