"""The statistics, in a room of their own: pure functions on the standard library, no Django, no clock.

Inputs are plain mappings and sequences; failures may be fractional: they are shares of incidents.
"""

from analytics.stats.cells import (
    cell_state,
    failure_sums,
    hidden_cells,
    matured_rate_counts,
    shrunken_rates,
)
from analytics.stats.comparison import (
    adjusted_rate_ratio,
    crude_and_adjusted_ratio,
    crude_beside,
    ratio_homogeneity,
    ratios_if_assisted,
    stratified_test,
    unknown_origin_bounds,
)
from analytics.stats.evidence import (
    cell_evidence,
    e_benjamini_hochberg,
    evidence,
    evidence_expectation,
    noticeable_ratio,
)
from analytics.stats.exposure import chance_of_so_few, time_ratio_interval
from analytics.stats.intervals import (
    median_interval,
    median_ranks,
    rate_difference_interval,
    rate_ratio_interval,
    wilson_interval,
)
from analytics.stats.trends import load_trend, median_log_load, stratified_trend

__all__ = [
    "adjusted_rate_ratio",
    "cell_evidence",
    "cell_state",
    "chance_of_so_few",
    "crude_and_adjusted_ratio",
    "crude_beside",
    "e_benjamini_hochberg",
    "evidence",
    "evidence_expectation",
    "failure_sums",
    "hidden_cells",
    "load_trend",
    "matured_rate_counts",
    "median_interval",
    "median_log_load",
    "median_ranks",
    "noticeable_ratio",
    "rate_difference_interval",
    "rate_ratio_interval",
    "ratio_homogeneity",
    "ratios_if_assisted",
    "shrunken_rates",
    "stratified_test",
    "stratified_trend",
    "time_ratio_interval",
    "unknown_origin_bounds",
    "wilson_interval",
]
