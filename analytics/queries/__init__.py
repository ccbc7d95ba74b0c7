"""Reads: each module for the pages and reports that it is named for."""
