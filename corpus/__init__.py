"""The labelled sessions that ship, the label files for public data, and the codebook."""
