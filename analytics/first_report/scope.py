"""What a report read and what not, and what its words mean."""

from __future__ import annotations

from analytics.first_report.shapes import Reading
from analytics.first_report.words import BASES, day, plural, whole


def area_note(are_suggested: bool, are_named: bool, *, from_import: bool) -> str:
    if are_suggested:
        return (
            "Nobody has named areas yet, so these are the folders that split the work best. Each change "
            f"counts in one: where most of its {'files' if from_import else 'lines'} are."
        )
    if are_named:
        return (
            "The area that counts for each change: of those that it touches, the one with the highest risk, "
            "then with most of it."
        )
    return "No folder holds enough of the work to be an area of its own."


def read(reading: Reading, landed: int) -> tuple[str, ...]:
    where = f" of the branch {reading.branch}" if reading.branch else ""
    found = [
        f"{plural(landed, 'change')}{where} that landed from {day(reading.since)} to {day(reading.until)}: "
        "pull or merge "
        "requests where they were merged or squashed into one commit, else single commits. Commits that a "
        "merge "
        "brought in were read for their marks."
        if not reading.from_import
        else f"{plural(landed, 'shipped change')} from {day(reading.since)} to {day(reading.until)}, as "
        "they stand in "
        "Hindcast: what people said is in.",
    ]
    if reading.fixes:
        found.append(
            f"{plural(reading.fixes, 'change calls itself a fix', 'changes call themselves a fix')}; "
            f"{_looked_into(reading)} looked into."
        )
    if reading.notes:
        found.append(f"git-ai notes on {plural(reading.notes, 'change')}, bots' included.")
    return tuple(found)


def _looked_into(reading: Reading) -> str:
    if not reading.fixes_read:
        return "none was"
    if reading.fixes_read < reading.fixes:
        return f"the newest {whole(reading.fixes_read)} {'was' if reading.fixes_read == 1 else 'were'}"
    return "it was" if reading.fixes == 1 else "all were"


def _not_looked_into(reading: Reading) -> str:
    left = plural(reading.fixes - reading.fixes_read, "fix", "fixes")
    told = ""
    if reading.fixes_read and reading.fixes_from:
        told = f" Follow-ups are told of changes since {day(reading.fixes_from)} only."
    if not reading.from_import:
        return f"{left}: the time for it was up ({reading.minutes or 0:g} min); --minutes gives more.{told}"
    why = "they wait for the background" if reading.is_following else "no clone is at hand to look into"
    return f"{left}: {why}.{told}"


def not_read(reading: Reading) -> tuple[str, ...]:
    found = []
    if reading.fixes_read < reading.fixes:
        found.append(_not_looked_into(reading))
    if reading.fixes_unreadable:
        found.append(
            f"{plural(reading.fixes_unreadable, 'fix', 'fixes')} that "
            f"{'is' if reading.fixes_unreadable == 1 else 'are'} "
            "too large, or whose files this clone does not hold."
        )
    if reading.sizeless:
        found.append(
            f"The sizes of {plural(reading.sizeless, 'change')}: this clone does not hold all of their "
            "files' contents."
        )
    if reading.is_shallow:
        found.append("What lies before this shallow clone's oldest commits.")
    if reading.notes_unreadable:
        found.append(f"{plural(reading.notes_unreadable, 'git-ai note')} that cannot be understood.")
    if not reading.from_import:
        found.append(
            "Requests' descriptions, labels and branch names: they are at the forge, not in a clone. A tool "
            "that "
            "leaves its mark only there is not seen."
        )
        found.append("Deployments and incidents: what broke in production is not in a clone.")
    found.append("Authors: no person's name or address is kept, shown or counted by.")
    return tuple(found)


def definitions(reading: Reading) -> tuple[tuple[str, str], ...]:
    return (
        (
            "Marked",
            "A tool's own account as author, its trailer or footer, a git-ai note, or a change's own words "
            "say that "
            "AI helped. Precise where it stands; missing more often than not.",
        ),
        ("Unmarked", "No such mark: origin unknown, or declared manual. Not the same as written without AI."),
        ("Automation", "Dependency and release bots. Apart, in no share and no comparison."),
        (
            "Old enough",
            f"{'Shipped' if reading.from_import else 'Landed'} at least 30 days before the newest "
            f"{'one' if reading.from_import else 'commit'}, so that there was time to fail.",
        ),
        (
            "Undone",
            BASES["undone"][1]
            + " A revert that was itself reverted, or whose change was applied again, does not count.",
        ),
        (
            "Followed by a fix",
            "Lines that the fix deleted are traced with git blame; tests, documentation, generated and lock "
            "files "
            "and comments are left out. The change must have written more than half of them.",
        ),
        (
            "Plausible range",
            "Wilson's 95 % interval: the rates that fit what we saw. Wide means few changes.",
        ),
        (
            "Times as often",
            "A Mantel-Haenszel ratio over area, size and quarter; 2 means twice as often, 1 no difference.",
        ),
        (
            "Could have been noticed",
            "The smallest difference that these numbers would probably have shown by now.",
        ),
        ("Fewer than ten", "Below 10 changes the counts stand alone, without a share or a rate."),
        ("Size", "Added and deleted lines, without generated and lock files."),
    )
