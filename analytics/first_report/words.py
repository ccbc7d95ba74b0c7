"""The sentences of the first report. Each says what is true of these numbers, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from analytics.first_report.shapes import Attested, Comparison, Policy, Rate, Reading, Share, Tool
from analytics.metrics.measured import FOLLOW_UP

NARROW = "\u202f"
BASES = {
    "undone": (
        "Undone",
        "Reverted for good, or named by a later change's “Fixes:” line, within 30 days.",
    ),
    "follow_up": (
        "Followed by a fix (estimate)",
        "A later change that calls itself a fix deleted lines within 30 days, most of them this one's.",
    ),
    "either": ("Either of the two (estimate)", "Each change counts once."),
}
HIDDEN_WORK = (
    "Unmarked is not manual: in two projects where the truth is known, 49 % and 16 % of the AI-helped "
    "changes "
    "carried a mark. So “at least” is all that can be said of use, unmarked contains hidden AI work, and "
    "differences look smaller than they are."
)
PRECISION = (
    "A follow-up is an estimate, held against the “Fixes:” lines that developers write themselves. Of the "
    "changes that it named, the right ones were "
    + " and ".join(f"{one.precision} in {one.project}" for one in FOLLOW_UP)
    + "; of the fixed changes that were so young, it found "
    + " and ".join(f"{one.recall} in {one.project}" for one in FOLLOW_UP)
    + "."
)


def whole(value: int) -> str:
    return f"{value:,}".replace(",", NARROW)


def percent(value: float) -> str:
    points = value * 100
    text = f"{points:.0f}" if points >= 9.95 or points == 0 else f"{points:.1f}"
    return f"{text}{NARROW}%"


def times(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def fold(ratio: float) -> str:
    return f"{ratio:g}-fold"


def plural(n: int, one: str, many: str = "") -> str:
    return f"{whole(n)} {one if n == 1 else many or one + 's'}"


def day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


# -- The top of the page -------------------------------------------------------------------------------------


def summary(
    reading: Reading,
    overall: Share,
    tools: Sequence[Tool],
    comparisons: Sequence[Comparison],
    landed: int,
) -> tuple[str, ...]:
    if not landed:
        return (
            f"Nothing landed between {day(reading.since)} and {day(reading.until)}, so there is nothing to "
            "report.",
        )
    if not overall.n:
        return ("All that landed is the work of dependency or release bots; there is nothing to compare.",)
    return (_marked(overall, tools), *_came_of(overall, comparisons))


def _marked(overall: Share, tools: Sequence[Tool]) -> str:
    n = plural(overall.n, "change")
    if overall.marked == 0:
        return f"None of {n} carries a mark of AI help. That does not mean that none was used."
    names = listed([tool.name for tool in tools[:2]])
    carry = "carries" if overall.marked == 1 else "carry"
    if overall.share is None:
        return f"{whole(overall.marked)} of {n} {carry} a mark of AI help: too few changes for a share."
    share = percent(overall.share)
    lead = f"At least {share} of {n}" if overall.marked > 1 else f"One of {n} ({share})"
    often = f", most often {names}" if len(tools) > 1 else f", of {names}" if names else ""
    if overall.marked == 1:
        return f"{lead} {carry} a mark of AI help{often}."
    return f"{lead} {carry} a mark of AI help ({whole(overall.marked)}{often})."


def _came_of(overall: Share, comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    if not comparisons:
        return ()
    one = comparisons[-1]
    what = "was undone" if one.key == "undone" else "was undone or followed by a fix"
    were = what.replace("was", "were", 1)
    both = one.marked.n + one.unmarked.n
    failed = one.marked.failed + one.unmarked.failed
    if not both:
        return ("No change is 30 days old yet, so nothing can be said of what came of them.",)
    if not failed:
        return (f"None of the {plural(both, 'change')} that are old enough {what} within 30 days.",)
    if not overall.marked or not one.marked.n:
        return (
            f"Of {plural(both, 'change')} old enough to tell, {whole(failed)} {were} within 30 days; with "
            "no marked "
            "change among them there is nothing to compare.",
        )
    counts = (
        f"Of those old enough to tell, {_of(one.marked)} marked and {_of(one.unmarked)} unmarked changes "
        f"{were} "
        "within 30 days"
    )
    return (f"{counts}: {_reads(one)}",)


def _of(rate: Rate) -> str:
    return f"{whole(rate.failed)} of {whole(rate.n)}"


def _reads(one: Comparison) -> str:
    """What the counts amount to; an interval with 1 in it is never read as equality."""
    if not one.has_rates:
        return "too few changes for a rate, and for any comparison."
    low, high = shown_interval(one)
    if low > 1:
        return "more often, in this one look; see what that can carry below."
    if high is not None and high < 1:
        return "less often, in this one look; see what that can carry below."
    return f"too few to tell the two apart. {noticed(one)}"


def shown_interval(one: Comparison) -> tuple[float, float | None]:
    """The interval that is read: like with like where that could be had, else the plain one."""
    if one.ratio is not None and one.low is not None:
        return one.low, one.high
    return one.crude_low or 0.0, one.crude_high


def noticed(one: Comparison) -> str:
    if one.noticeable is None:
        return "Not even a 10-fold difference would probably have shown."
    return f"With these numbers only a {fold(one.noticeable)} difference would probably have shown."


def caveats(
    reading: Reading, overall: Share, hinted: int, comparisons: Sequence[Comparison]
) -> tuple[str, ...]:
    found = [HIDDEN_WORK]
    if hinted:
        found.append(
            f"{plural(hinted, 'more change')} {'has' if hinted == 1 else 'have'} only a weak hint, such as a "
            "trailer that an editor adds by itself. Hints suggest; they are not in these numbers."
        )
    found.append(
        "Nothing here says why. Who chooses AI help for which work, and who marks it, are not chance; read "
        "“associated with”, never “because of”."
    )
    if reading.said_afterwards:
        found.append(
            f"{plural(reading.said_afterwards, 'change')}: only after a failure was it said that AI helped, "
            "so that they count as they stood before."
        )
    if reading.is_demo:
        found.insert(0, "This is demonstration data. It is invented.")
    return tuple(found)


# -- What came of them ---------------------------------------------------------------------------------------


def outcomes(reading: Reading, comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    found = [_ratio_words(one) for one in comparisons[-1:] if one.has_rates]
    undone = comparisons[0]
    if undone.marked.n + undone.unmarked.n and not undone.marked.failed + undone.unmarked.failed:
        found.append(
            f"No revert and no “Fixes:” line names a change of the window within 30 days"
            f"{' of shipping' if undone.early else ''}. Not every team reverts with git's own words, and few "
            "name the commit that they fix."
        )
    if undone.early:
        found.append(
            f"{plural(undone.early, 'change was', 'changes were')} undone before a deployment shipped "
            f"{'it' if undone.early == 1 else 'them'}: nobody had {'it' if undone.early == 1 else 'them'}, "
            "and no rate counts that."
        )
    if undone.late:
        found.append(
            f"{plural(undone.late, 'change was', 'changes were')} undone after more than 30 days; listed, "
            "in no rate."
        )
    if reading.from_import and reading.fixes_from is None:
        found.append(
            "Follow-ups are still being looked for in the background; until then their row is left out."
            if reading.is_following
            else "No clone is at hand to look for follow-ups in, so that their row is left out."
        )
    elif not reading.fixes and reading.commits:
        found.append(
            "No change calls itself a fix in English words, so that follow-ups cannot be looked for: their "
            "row is "
            "left out, which is not the same as none."
        )
    elif reading.fixes:
        found.append(PRECISION)
    if reading.links_unresolved:
        found.append(
            f"{plural(reading.links_unresolved, 'revert names', 'reverts name')} no change that was read: "
            "older "
            "than the window, another branch, or a title that several changes share."
        )
    return tuple(found)


TOO_FEW = "there are not enough changes to compare"


def _ratio_words(one: Comparison) -> str:
    if one.ratio is None or one.low is None:
        return f"No ratio is given, since {one.refused or TOO_FEW}. {noticed(one)}"
    upper = times(one.high) if one.high is not None else "no upper limit"
    said = (
        f"Compared with unmarked changes of the same area, size and quarter: {times(one.ratio)} times as "
        "often "
        f"(plausible range {times(one.low)} to {upper}); {percent(one.comparable or 0)} of the marked "
        "changes have "
        "such changes beside them."
    )
    if one.low > 1 or (one.high is not None and one.high < 1):
        return (
            f"{said} The range leaves out 1, but this is one look at one window on an estimate, and unmarked "
            "contains hidden AI work: a reason to read these changes, not yet a finding."
        )
    return f"{said} The range holds 1: these numbers cannot tell. {noticed(one)}"


# -- Kinds, candidates, policy -------------------------------------------------------------------------------


def kinds(reading: Reading, overall: Share, known: Mapping[str, int], not_said: int) -> str:
    if not overall.marked:
        return "No kind of help is known, since no change is marked."
    sentence = (
        "trailers and bot accounts tell which tool had a hand in a change, never whether it wrote code, "
        "tests or "
        "words, or found the bug; only somebody who was there can say."
    )
    if not known:
        return f"No kind of help is known yet: {sentence}"
    said = listed([f"{kind.replace('-', ' ')} ({whole(n)})" for kind, n in sorted(known.items())])
    if reading.from_import:
        return f"Said so far: {said}. Of {plural(not_said, 'marked change')} nobody has said it: {sentence}"
    return f"Of the kind of help only review bots' own accounts tell: {said}. Otherwise {sentence}"


def candidates(reading: Reading, pairs: int, n: int) -> str:
    if not n:
        return ""
    where = "on its own page" if reading.from_import else "after an import"
    if not pairs:
        return (
            "None of the marked changes whose kind is open was undone or followed by a fix, so these are "
            "drawn by "
            f"lot. Each takes one click {where}."
        )
    return (
        f"Asking only about what failed would make any kind look bad. So {whole(pairs)} of these "
        f"{'was' if pairs == 1 else 'were'} undone or followed by a fix, {whole(pairs)} "
        f"{'is its match' if pairs == 1 else 'are their matches'} in area, size and time that "
        f"{'was' if pairs == 1 else 'were'} not{', the rest is drawn by lot' if n > 2 * pairs else ''}. "
        "Which is "
        f"which is not shown, so that the answer cannot follow the outcome. Each takes one click {where}."
    )


def policy(
    policy: Policy | None, overall: Share, reading: Reading, manual: int, by_policy: int
) -> tuple[str, ...]:
    if policy is None:
        return ("There is too little here to say what a marking policy would change.",)
    found = []
    if reading.has_policy:
        return (
            f"A marking policy stands here: {plural(by_policy, 'change counts', 'changes count')} as manual "
            "on its "
            "word, to be checked by sampling. They stand among the unmarked above.",
        )
    if manual:
        found.append(f"{plural(manual, 'change says', 'changes say')} by themselves that no AI was used.")
    found.append(
        "A team that states “every AI-assisted change is marked”, and backs it with a required question in "
        "the "
        f"pull-request template, turns about {whole(policy.per_quarter)} changes a quarter from “unmarked” "
        "into “manual”, less those that then carry a mark."
    )
    if not overall.marked:
        found.append("Without any mark so far, what could then be noticed cannot be foretold.")
        return tuple(found)
    now = _fold(policy.noticeable_now)
    found.append(
        f"As things stand, a year of changes at this pace could show {now}, against a blurred baseline."
    )
    for one in policy.recalls:
        found.append(
            f"If {percent(one.recall)} of the AI-helped changes are marked here, about {whole(one.hidden)} "
            "of the "
            f"{whole(one.of)} unmarked ones are hidden AI work, and what is truly twice as often would look "
            "like "
            f"{times(one.two_looks_like)} times; with all of them marked, a year could show "
            f"{_fold(one.noticeable)} "
            "against changes that are known to be manual."
        )
    if not policy.recalls:
        found.append(
            "So many changes are marked here that the shares measured elsewhere cannot hold; how much is "
            "hidden is "
            "not known."
        )
    return tuple(found)


def _fold(ratio: float | None) -> str:
    return f"a {fold(ratio)} difference" if ratio else "not even a 10-fold difference"


def attested(found: Attested | None, reading: Reading) -> str:
    if found is None:
        return ""
    share = f" ({percent(found.ai_lines / found.lines)})" if found.lines else ""
    others = (
        f" {plural(found.marked_elsewhere, 'marked change has', 'marked changes have')} no such record."
        if found.marked_elsewhere
        else ""
    )
    return (
        f"{plural(found.changes, 'change has', 'changes have')} a git-ai note, a record of which lines a "
        "tool wrote: of "
        f"{plural(found.lines, 'added line')} in them, {whole(found.ai_lines)}{share} are attested as AI's. "
        "A line that no "
        f"record names is untracked, which is not the same as written by hand.{others}"
    )
