"""Remarks per 100 lines

What people wrote about a change while it was reviewed, for every 100 lines of it.

Value: Of each change merged in the week that somebody other than its author reviewed, its meaningful remarks
by its changed lines, times 100. The figure is the median over changes, with the values between which it lies
by order statistics (95 %; none below 6 changes). Remarks and lines stand beside it as sums; one is never
divided by the other.

Meaningful: Written by a person other than the author, not by a bot, not deleted, and more than an emoji or
"LGTM"; the rule looks at the words once, when they come in, and keeps only yes or no.

Gaps: Under 5 changes in a week there is no median. Where nobody tells reviews of a repository, its changes
are not known to have none: they are left out.

Test: As of the reading load.

Does not say: That more remarks are better. Few may mean small and clear changes, or that nobody had time.

Source: Reviews and remarks as forges tell them.
"""
