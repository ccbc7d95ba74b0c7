"""As carefully as it needs

What reviewers say when asked whether they could review a change as carefully as it needs.

Numerator: Answers "Yes". "Not really" and "No" stand beside it.

Denominator: All answers given in the week: one tap on the page of a change, kept with its day, and with
nobody's name or hour. Who did not answer is not counted as anything.

Small voices: A group with fewer than 5 answers is put together with the next smallest. Where all together
are fewer than 5, that they exist is all that is said.

Range: Wilson's 95 % interval. Below 20 answers there are counts and no percentage. Somebody may answer more
than once, and those who answer may not be like those who do not, so that the interval is too narrow.

Source: Answers of people on the pages of changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from analytics.metrics.reviewing_words import FEWEST
from analytics.queries.reviewing import Answers

KINDS = ("yes", "not_really", "no")
Line = tuple[list[str], int, int, int]


def part(lines: Iterable[Answers]) -> dict[str, Any]:
    origins: defaultdict[str, Counter[str]] = defaultdict(Counter)
    sizes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    whole: Counter[str] = Counter()
    for line in lines:
        for counts in (whole, origins[f"origin:{line.stand}"], sizes[f"size:{line.size}"]):
            counts[line.answer] += line.n
    if 0 < whole.total() < FEWEST:
        return {"total": [], "by_origin": [], "by_size": []}
    return {"total": [_line([], whole)], "by_origin": pooled(origins), "by_size": pooled(sizes)}


def pooled(groups: Mapping[str, Counter[str]]) -> list[Line]:
    """The largest first; small ones together, with the next smallest until they are enough."""
    found = sorted(groups, key=lambda key: (groups[key].total(), key))
    apart = [key for key in found if groups[key].total() < FEWEST]
    others = found[len(apart) :]
    while apart and others and sum(groups[key].total() for key in apart) < FEWEST:
        apart.append(others.pop(0))
    lines = [_line([key], groups[key]) for key in reversed(others)]
    if apart:
        lines.append(_line(sorted(apart), sum((groups[key] for key in apart), Counter())))
    return lines


def _line(keys: list[str], counts: Counter[str]) -> Line:
    yes, not_really, no = (counts[kind] for kind in KINDS)
    return keys, yes, not_really, no
