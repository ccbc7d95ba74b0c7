"""Medians with the values around them, of whole tables and for many groups in one statement."""

# ruff: noqa: S608 -- statements are put together from fixed text; every value is bound
from __future__ import annotations

from analytics.stats.ranks import EXACT, HALF_Z

SPREAD = ("n", "median", "low", "high", "p90")


def ranked(source: str) -> str:
    """`source`: a statement of groups with `v`, an ascending array of float8 (or NULL for none).

    Its columns, and those of SPREAD: the median, the two values that bound it by order statistics (95 %;
    none below 6 values) and the value that nine of ten do not exceed (none below 10). The values are those
    of `stats.median_interval`; what is still open is Infinity. Takes the parameter `ranks`, from
    `stats.ranks.low_ranks`.
    """
    return f"""
    SELECT ranked.*, (v[(n + 1) / 2] + v[n / 2 + 1]) / 2 AS median,
           CASE WHEN r > 0 THEN v[r] END AS low, CASE WHEN r > 0 THEN v[n + 1 - r] END AS high,
           CASE WHEN n >= 10 THEN v[ceil(0.9 * n)::int] END AS p90
    FROM (SELECT found.*, CASE WHEN n <= {EXACT} THEN (%(ranks)s::int[])[n]
                               ELSE floor(n / 2.0 + 0.5 - {HALF_Z} * sqrt(n))::int END AS r
          FROM (SELECT given.*, COALESCE(cardinality(v), 0) AS n FROM ({source}) AS given) AS found) AS ranked
    """
