"""Reads that take more than a QuerySet."""
