"""What a number may not tell: that one of the few incidents behind it is restricted.

Aggregates count restricted incidents for everyone. A number that rests on fewer than three incidents (or
things that incidents tell of), one of them restricted, is nobody's; the same rule wherever one is shown.
"""

from __future__ import annotations

FEWEST_BESIDE_A_RESTRICTED_ONE = 3


def gives_away(events: float, restricted: float) -> bool:
    """By counts that hold no fewer restricted ones, and no more in all, than there are."""
    return restricted > 0 and events < FEWEST_BESIDE_A_RESTRICTED_ONE
