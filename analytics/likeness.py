"""How alike two short texts are, so that the same lesson is not written twice. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import log

WORD = re.compile(r"[^\W_]+")
# Words that steps share whatever they are about.
IDLE = frozenset(
    "a an and are as at be been but by for from given had has have if in is it its no not of on or so that "
    "the then there this to under was were when which while with without".split()
)
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e")
SHORTEST_STEM = 4


def stems(text: str) -> frozenset[str]:
    """The words that say what it is about, without their usual English endings."""
    return frozenset(_stem(word) for word in WORD.findall(text.lower()) if word not in IDLE)


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def alike(text: str, others: Mapping[int, str], *, least: float = 0.4) -> list[tuple[int, float]]:
    """Keys of `others` and how alike they are, from `least` to 1, the most alike first.

    Shared words over the mean of both sides' words (Sørensen and Dice), each word weighing more the fewer
    texts have it, so that what every scenario says does not make two of them twins.
    """
    known = {key: stems(other) for key, other in others.items()}
    wanted = stems(text)
    weights = _weights([wanted, *known.values()])
    found = [(key, round(_dice(wanted, words, weights), 4)) for key, words in known.items()]
    return sorted((one for one in found if one[1] >= least), key=lambda one: (-one[1], one[0]))


def _weights(texts: list[frozenset[str]]) -> dict[str, float]:
    times: dict[str, int] = {}
    for words in texts:
        for word in words:
            times[word] = times.get(word, 0) + 1
    return {word: log(2 + len(texts) / n) for word, n in times.items()}


def _dice(one: frozenset[str], other: frozenset[str], weights: Mapping[str, float]) -> float:
    both = _sum(one & other, weights)
    whole = _sum(one, weights) + _sum(other, weights)
    return 2 * both / whole if whole else 0.0


def _sum(words: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word in words)
