"""Labels, windows, the network, and the `Annotator` that runs it without torch."""
