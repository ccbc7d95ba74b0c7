"""What an empty product begins with: severities, factor kinds and the sections of a postmortem.

Plain data, read by a data migration and by the form where no template has been set up yet.
"""

from __future__ import annotations

from typing import Any

SEVERITIES: list[dict[str, Any]] = [
    {
        "slug": "sev1",
        "rank": 1,
        "name": "SEV1",
        "description": "Most users cannot do what they came for, or data or money is being lost.",
        "postmortem_days": 3,
        "aliases": ["critical", "p1", "sev-1", "sev1", "blocker", "emergency"],
    },
    {
        "slug": "sev2",
        "rank": 2,
        "name": "SEV2",
        "description": "An important function is broken or badly slow for many users.",
        "postmortem_days": 5,
        "aliases": ["high", "major", "error", "p2", "sev-2", "sev2"],
    },
    {
        "slug": "sev3",
        "rank": 3,
        "name": "SEV3",
        "description": "Some users are affected, or there is a way around it.",
        "postmortem_days": 10,
        "aliases": ["medium", "moderate", "warning", "minor", "p3", "sev-3", "sev3"],
    },
    {
        "slug": "sev4",
        "rank": 4,
        "name": "SEV4",
        "description": "Hardly anyone noticed; worth writing down.",
        "postmortem_days": None,
        "aliases": ["low", "info", "trivial", "p4", "p5", "sev-4", "sev4"],
    },
]

FACTOR_KINDS: list[dict[str, Any]] = [
    {
        "slug": "missing-test",
        "name": "Test did not cover it",
        "description": "The behaviour that broke had no test, or a test that could not see it.",
        "prompt": "Which check would have had to exist, and what made it look unnecessary so far?",
    },
    {
        "slug": "missing-alert",
        "name": "Alert missing or unclear",
        "description": "Nothing told us, or what told us did not say what was wrong.",
        "prompt": "What was on the screen at that moment, and what would have told the story sooner?",
    },
    {
        "slug": "review",
        "name": "Review could not see it",
        "description": "Size, context or tooling hid the effect from reviewers.",
        "prompt": "How did this look reasonable at the time, to the writer and to the reviewer?",
    },
    {
        "slug": "rollout",
        "name": "Roll-out reached everyone at once",
        "description": "No canary, flag or staged roll-out stood between the change and all users.",
        "prompt": "What let it reach everyone before anyone could see its effect?",
    },
    {
        "slug": "configuration",
        "name": "Configuration or environment differs",
        "description": "Production behaved unlike the place where it was tried.",
        "prompt": "Where did production differ from the place where this was tried?",
    },
    {
        "slug": "dependency",
        "name": "Dependency behaved unexpectedly",
        "description": "A library, a provider or another team's service changed or failed.",
        "prompt": "What did we take for granted about it, and on what grounds?",
    },
    {
        "slug": "capacity",
        "name": "Load or capacity",
        "description": "More came than the system could carry.",
        "prompt": "Which limit was reached, and who could have known it was near?",
    },
    {
        "slug": "data",
        "name": "Unexpected data",
        "description": "Data had a shape, size or age that the code did not expect.",
        "prompt": "What was true of this data that nobody had reason to expect?",
    },
    {
        "slug": "knowledge",
        "name": "Knowledge was hard to reach",
        "description": "The answer existed, but not where it was needed.",
        "prompt": "Who knew, where was it written, and what stood between that and the work?",
    },
    {
        "slug": "ownership",
        "name": "Ownership unclear",
        "description": "Nobody could tell whose it was, or who could act.",
        "prompt": "How would somebody on call have found out whom to ask?",
    },
    {
        "slug": "ai-context",
        "name": "AI help lacked context",
        "description": "The kind of help did not have, or was not given, what it needed to know here.",
        "prompt": "What did it not know about this system, and which guard would have shown that?",
    },
    {
        "slug": "pressure",
        "name": "Time pressure or load on people",
        "description": "Deadlines, interruptions or tiredness shaped the options.",
        "prompt": "Which goals pulled in different directions, and how did that look at the time?",
    },
    {
        "slug": "recovery",
        "name": "Recovery was hard",
        "description": "Rolling back, restoring or diagnosing took longer than the damage allowed.",
        "prompt": "What made the way back longer than it had to be?",
    },
]

# `step` says on which page of the form a section is written; `in_short` whether the short form has it.
TEMPLATE_SECTIONS: list[dict[str, Any]] = [
    {
        "key": "what_happened",
        "title": "What happened",
        "prompt": "Tell it as it unfolded, for somebody who was not there. Describe; do not explain yet.",
        "step": "facts",
        "required": True,
        "in_short": True,
    },
    {
        "key": "impact",
        "title": "Impact",
        "prompt": "Who noticed what, for how long, and how many?",
        "step": "facts",
        "required": False,
        "in_short": False,
    },
    {
        "key": "detection",
        "title": "How we found out",
        "prompt": "Which signal came first, where did it appear, and among how many others?",
        "step": "timeline",
        "required": False,
        "in_short": False,
    },
    {
        "key": "resolution",
        "title": "How it was put right",
        "prompt": "What was tried, what worked, and how did you know that it had?",
        "step": "timeline",
        "required": True,
        "in_short": False,
    },
    {
        "key": "surprised",
        "title": "What surprised us",
        "prompt": "What did you believe about the system that turned out to be otherwise?",
        "step": "lessons",
        "required": False,
        "in_short": True,
    },
    {
        "key": "went_well",
        "title": "What went well",
        "prompt": "What helped, and would help again?",
        "step": "lessons",
        "required": False,
        "in_short": False,
    },
    {
        "key": "went_badly",
        "title": "What made it harder",
        "prompt": "Which tools, gaps or conditions stood in the way?",
        "step": "lessons",
        "required": False,
        "in_short": False,
    },
    {
        "key": "lucky",
        "title": "Where we got lucky",
        "prompt": "What kept it from being worse that nobody had arranged?",
        "step": "lessons",
        "required": False,
        "in_short": False,
    },
]

# Business days. The owner first; who facilitates and the others of the team only when it stays behind.
REMINDERS: list[dict[str, Any]] = [
    {"kind": "postmortem", "who": "owner", "days": 2, "side": "before"},
    {"kind": "postmortem", "who": "owner", "days": 1, "side": "after", "repeat_every": 5},
    {"kind": "postmortem", "who": "facilitator", "days": 5, "side": "after"},
    {"kind": "postmortem", "who": "team", "days": 10, "side": "after"},
    {"kind": "action", "who": "owner", "days": 2, "side": "before"},
    {"kind": "action", "who": "owner", "days": 1, "side": "after", "repeat_every": 5},
    {"kind": "action", "who": "team", "days": 10, "side": "after"},
    {"kind": "review", "who": "owner", "days": 3, "side": "after", "repeat_every": 5},
]
