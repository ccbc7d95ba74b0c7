"""Merged without a review

Of the changes that merged, the share that nobody but their author looked at on the forge.

Numerator: Merged changes without a review by another person before the merge. A bot is no person; a review
somewhere else, at one screen or in a chat, is not seen.

Denominator: Merged changes of repositories whose reviews are told, from the first review on that was told.
Others are in no share; how many there are is shown.

Exclusions: Changes of automations are a row of their own and in no other. Below 20 changes there are counts
and no percentage.

Range: Wilson's 95 % interval.

Source: Reviews as forges tell them.
"""
