"""Pages on what shipped, one module a page or two."""
