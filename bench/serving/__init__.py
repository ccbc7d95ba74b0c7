"""The product with one more view, for measuring against."""
