"""Figures as CSV, quoted as every CSV of the product is."""

from __future__ import annotations

from design.csv_files import csv_text

__all__ = ["csv_text"]
