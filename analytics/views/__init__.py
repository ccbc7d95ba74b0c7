"""Pages on the figures and on what came of the lessons."""
