"""The first report: what a clone, or an imported repository, can honestly say of AI's hand in its changes."""
