"""Larger than one can review

Of the changes that merged, the share with more lines than one can review well.

Numerator: Merged changes with more changed lines (without generated and lock files) than the rules of the
review say, 200 at first. Shown apart: with a documented exception, a line "Size-exception: …" in the
description or a reason given on its page, and without one.

Denominator: Merged changes whose size is known. How many are of unknown size is shown.

Exclusions: Changes of automations are a row of their own and in no other. Below 20 changes there are counts
and no percentage.

Range: Wilson's 95 % interval. Counts are pooled over weeks; a mean of weekly shares is taken nowhere.

Source: Changes as forges and imports tell them; exceptions from their descriptions and from people.
"""
