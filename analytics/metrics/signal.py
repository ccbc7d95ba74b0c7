"""Signal

A pattern that the weekly decision rule finds strong enough: it asks for a look, or for a stronger safeguard.

Evidence: A fair bet against "the kind makes no difference". Whenever an incident is linked to changes, the
bet asks how often they would be of this kind if it were harmless: its share of the changes that shipped in
the same area, size band and quarter. The gains over all incidents are multiplied and averaged over true
ratios of 1.5, 2, 3 and 5 and over the last four quarterly starts. 1 says nothing; without any difference it
reaches 20 in at most one of twenty cells, however often one looks. The incident is the bet, not the link:
one with three contributors does not look like three.

Rule: Once a week, over the last four quarters, for every kind as a whole and for every kind in an area with
at least 20 changes on both sides; the first that holds is said. Under 10 changes: nothing. Worth a stronger
safeguard: chosen at a false-discovery rate of 10 % among its family (whole kinds, or cells; e-BH), at least 3
incidents, and evidence of 20 or more from confirmed causes alone. Early sign: evidence of 20 or more and at
least 3 incidents. AI help does better here: chosen likewise in the other direction. Holds up: evidence of 20
or more against a ratio of 1.5 or above. No clear difference: none of these, though a threefold difference
would probably have been noticed. Else: not enough data.

Baseline: That of the adjusted ratio. On unmarked changes "holds up" and "no clear difference" are not
claimed, for hidden AI work would make them too easy.

Exclusions: Those of the failure rate. Only incidents count, never the estimate "followed up by a fix"; what
was said after a change had failed counts nowhere. No maturity window is needed: both sides had the same time.

Source: Changes and causes as they were known on the day; what was shown is kept and never rewritten. The
rates of error printed on the page are simulated for the baseline and the number of cells in use. A signal is
an association, not a proof of a cause.
"""
