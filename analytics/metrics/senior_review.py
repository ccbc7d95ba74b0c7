"""High-risk changes that a senior reviewed

Of the merged changes in areas of high risk, the share that a designated senior reviewed before the merge.

Numerator: Those with a review by an account on the list of senior reviewers, its author not among them.
Whether an account is on the list is looked at when its review comes in, and kept as yes or no.

Denominator: Merged changes in areas whose risk is high, where reviews are told and somebody was on the list
for the repository when they merged.

No senior designated: Where nobody is on the list there is no share, least of all 0 %. How many changes merged
so is shown.

Exclusions: Changes of automations. Below 20 changes there are counts and no percentage.

Range: Wilson's 95 % interval.

Source: Reviews as forges tell them; the list of senior reviewers and the risk of areas from curators.
"""
