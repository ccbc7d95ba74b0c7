# ruff: noqa: E501  prose reads better whole
"""Small incidents, most of all there are: put together from symptoms, conditions and numbers."""

from __future__ import annotations

from random import Random

from analytics.demo import words
from analytics.demo.mishaps import Mishap

SYMPTOMS = [
    "{Module} answers slowly {when}",
    "Errors from {module} {when}",
    "{Module} shows stale data {when}",
    "{Module} jobs stuck {when}",
    "{Module} refuses valid input {when}",
    "{Module} loses updates {when}",
    "Time-outs in {module} {when}",
    "{Module} counts rows twice {when}",
    "Blank page for {module} {when}",
    "{Module} queue grows {when}",
    "{Module} {file} crashes {when}",
    "Wrong totals in {module} {when}",
    "{Module} {file} sends its mail twice {when}",
    "{Module} {file} out of memory {when}",
    "Access to {module} denied {when}",
    "{Module} alerts keep firing {when}",
]
WHEN = [
    "for {market} accounts",
    "on narrow screens",
    "at the start of the hour",
    "for accounts older than a year",
    "during the nightly run",
    "when two tabs are open",
    "with more than {many} rows",
    "in the first minutes after midnight",
    "behind the new gateway",
    "for names with an apostrophe",
    "after {many} minutes of idling",
    "on the second try",
    "while the cache is cold",
    "when the clock of a node runs ahead",
    "for sign-ins from the app",
    "in the {market} shop",
    "while a roll-out is under way",
    "for requests without a language",
    "once the month changes",
    "on the busiest {many} pages",
]
HIT = [
    "{count} requests failed within {span} minutes; most worked on the second try.",
    "{count} {market} sessions saw an error page; nobody lost an order.",
    "Work waited up to {span} minutes. {count} jobs were late.",
    "Support had {tens} tickets about it in {span} minutes.",
    "One request in {tens} failed for {span} minutes.",
    "Pages took {tens} seconds instead of one for {count} people.",
]
HAPPENED = [
    "The {file} of {module} took for granted that a row exists; {when} it does not.",
    "A default had moved from {module} into its {file}, and callers went on passing none.",
    "The {file} held a connection for each item. {When} the pool of {tens} ran dry.",
    "Two workers took up the same {module} item: the check and the write were apart.",
    "The cache key of {module} left out the market, so that {count} entries were shared.",
    "A retry in {module} had no pause, and {tens} clients came back at once.",
    "The {file} read a time without its zone and was an hour off {when}.",
    "A list in {module} came without order; {when} it came in another one.",
    "The new path of {module} was never run {when}; its test used {tens} items.",
    "An error in the {file} was logged and passed over; {module} went on with half of it.",
]
HAPPENED_OUTSIDE = [
    "A provider behind {module} answered with errors for {span} minutes and said so on its status page.",
    "A certificate at a partner's side had run out; calls from {module} were refused for {span} minutes.",
    "A campaign brought {tens} times the usual visits to {module} within {span} minutes.",
    "A disk under {module} was replaced by the provider, and its node came back after {span} minutes.",
    "A network route was lost for {span} minutes; {module} was cut off from its queue.",
]
RESOLVED = [
    "Rolled back; {module} was well {span} minutes later.",
    "A guard was added to the {file}, and the {count} rows were run again.",
    "The flag was switched off and {module} restarted.",
    "The limit was raised to {count} until the {file} is put right.",
    "The {count} items that were left were played again by hand.",
    "Traffic was sent past {module} for {span} minutes while the fix went out.",
]
RESOLVED_OUTSIDE = [
    "It was over by itself; {count} jobs were run again.",
    "Traffic went another way for {span} minutes until it was back.",
    "The other side put it right; we ran {count} items again.",
]
FACTORS = [
    ("missing-test", "No test of {module} ran {when}."),
    ("review", "The diff showed the {file}, not who else calls {module}."),
    ("missing-alert", "Errors of {module} are counted per day; {span} minutes do not show there."),
    ("rollout", "It reached all markets at once; one would have shown it."),
    ("ai-context", "The help that wrote it had the {file} before it, and not its callers."),
    ("dependency", "What {module} rests on has no stand-in that can be made slow."),
]
ACTIONS = [
    ("prevent", "Check {module} input {when}"),
    ("detect", "Alert on {module} errors within {span} minutes"),
    ("mitigate", "Give {module} a switch that needs no roll-out"),
    ("process", "Try {module} {when} before the next roll-out"),
]
FIXES = [
    "Guard {module} {file} {when}",
    "Handle {module} {when}",
    "Make {module} {file} right {when}",
    "Undo the default in {module} {file} {when}",
    "Close the gap in {module} {file} {when}",
]


class Minors:
    """Small incidents of one history; no title comes twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seen: set[str] = set()

    def draw(self, area: str, *, is_outside: bool = False) -> Mishap:
        while True:
            filled = _Filled(self._random, area)
            title = filled.text(SYMPTOMS)
            if title not in self._seen:
                break
        self._seen.add(title)
        kind, factor = self._random.choice(FACTORS)
        sort, action = self._random.choice(ACTIONS)
        has_action = self._random.random() < 0.3
        return Mishap(
            slug="",
            title=title,
            impact=filled.text(HIT),
            happened=filled.text(HAPPENED_OUTSIDE if is_outside else HAPPENED),
            resolved=filled.text(RESOLVED_OUTSIDE if is_outside else RESOLVED),
            factor=(kind, filled.fill(factor)),
            action=(sort, filled.fill(action) if has_action else ""),
            fix=filled.text(FIXES),
        )


class _Filled:
    """The words of one incident: its module, file and condition stay the same throughout."""

    def __init__(self, random: Random, area: str) -> None:
        self._random = random
        self._area = area
        when = random.choice(WHEN).replace("{many}", str(random.choice([20, 30, 50, 100, 200])))
        when = when.replace("{market}", random.choice(words.FILL["market"]))
        module = random.choice(words.MODULES[area])
        self._words = {
            "module": module,
            "Module": module.capitalize(),
            "file": random.choice(words.FILES),
            "when": when,
            "When": when.capitalize(),
        }

    def text(self, patterns: list[str]) -> str:
        return self.fill(self._random.choice(patterns))

    def fill(self, pattern: str) -> str:
        random = self._random
        text = pattern.format(
            **self._words,
            count=random.randint(3, 90) * random.choice([2, 5, 10, 20]),
            span=random.randint(4, 58),
            tens=random.randint(3, 40),
            market=random.choice(words.FILL["market"]),
        )
        return text[:1].upper() + text[1:]
