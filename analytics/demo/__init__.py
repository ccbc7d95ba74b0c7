"""Larkfield, a retailer that does not exist: twenty-three months of its changes, deployments and incidents.

`cast` and `words` hold who and what; `history` plays it out in memory from a seed and a day; `places` and
`*_rows` write it.
The same seed and day always give the same history.
"""
