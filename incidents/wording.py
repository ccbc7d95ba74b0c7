"""Hints at phrases that blame: subject-aware, with a reason and an offer; quotations and code are left alone.

Pure: text in, remarks out. A hint never blocks anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    phrase: str
    offset: int
    reason: str
    offer: str


@dataclass(frozen=True)
class Rule:
    """`pattern` is what is flagged; with `of_people` only where a person or a group is the subject."""

    pattern: str
    reason: str
    offer: str
    of_people: bool = False


# A person or a group as the one who acts; "nobody" counts, as it hides a person.
PEOPLE = (
    r"i|we|he|she|they|you|someone|somebody|nobody|no one|everyone|who|@[\w.-]+|people|staff|"
    r"(?:the |our |an? |another |one |no )?(?:\w+ )?"
    r"(?:team|engineers?|developers?|devs?|operators?|reviewers?|"
    r"responders?|on-?call(?: engineer)?|admins?|users?|author|manager|management|colleague|intern|"
    r"contractors?|"
    r"authors|managers|colleagues|interns|sre|sres|dba|dbas|qa|support|ops)"
)
_SUBJECT = (
    rf"\b(?:{PEOPLE})(?:[ ]+(?:also|then|had|has|have|simply|just|again|clearly|all|both|still|who))*[ ]+"
)

RULES: tuple[Rule, ...] = (
    Rule(
        r"(?:should|could|would|ought to|must)(?: not|n['’]t)? (?:\w+ )?have \w+|shouldn['’]?t have|"
        r"should(?: not|n['’]t)? (?:\w+ )?have been",
        "Speaks of what did not happen, which nobody could see then.",
        "Say what was done, and what information was at hand.",
    ),
    Rule(
        r"if only|had (?:they|he|she|we|you) (?:just|only|simply)",
        "Speaks of a past that did not happen.",
        "Name the condition that existed.",
    ),
    Rule(
        r"failed to|neglected to|omitted to|did(?: not|n['’]t) bother to|forgot(?:ten)?(?: to)?",
        "Judges an absence, or a motive nobody can know.",
        "“… was not in place, because …”; “the step relied on memory; no check existed”.",
        of_people=True,
    ),
    Rule(
        r"did(?: not|n['’]t) (?:notice|see|realise|realize|check|test|read|follow|verify|think)|"
        r"missed|overlooked|"
        r"ignored",
        "Judges with what is known only now.",
        "“The signal appeared in …, among N others.”",
        of_people=True,
    ),
    Rule(
        r"(?:human|user|operator|pilot|engineer|developer) errors?|pebkac|fat[- ]fingere?d?",
        "Ends the inquiry where it begins.",
        "What made this action easy, or look right?",
    ),
    Rule(
        r"(?:the )?(?:ai|llm|model|copilot|claude|cursor|chatgpt|gpt|gemini|codex|assistant|agent|bot) "
        r"(?:broke|messed up|screwed up|caused|hallucinated|failed us|is to blame|was wrong|got it wrong)|"
        r"(?:ai|llm|copilot|model) (?:errors?|mistakes?|slop)|because of (?:the )?(?:ai|llm|copilot)",
        "A new scapegoat in the old place.",
        "Which kind of help was it, and which review or test let it through?",
    ),
    Rule(
        r"careless(?:ly|ness)?|slopp(?:y|ily|iness)|reckless(?:ly)?|negligen(?:t|ce|tly)|lazy|laziness|"
        r"incompetent|incompetence|stupid(?:ly)?|dumb|clueless|idiotic",
        "Judges a character.",
        "Describe the load, the tools and what was known.",
    ),
    Rule(
        r"(?:be|been|being) more careful|(?:pay|paid|paying) (?:more |closer )?attention|take more care|"
        r"try harder|be (?:more )?vigilant",
        "Not an action: nothing will be different tomorrow.",
        "Name a guard, a check or a default.",
    ),
    Rule(
        r"(?:be|are|were) reminded to|"
        r"retrain(?:ed|ing)?(?= (?:the |our )?(?:team|staff|engineers?|people|everyone))|"
        r"make sure (?:people|everyone|everybody|engineers|developers|the team)",
        "Acts on people instead of the system.",
        "Change the system, or the default.",
    ),
    Rule(
        r"(?:never again|must never happen again|should be avoided in (?:the )?future)",
        "Has no end state that anybody could check.",
        "A bounded action with an end state.",
    ),
    Rule(
        r"(?:was|were|is|are) (?:at fault|to blame|guilty)|(?:the )?fault of|culprits?|"
        r"(?:my|his|her|their|our) fault|responsible for (?:the|this) (?:outage|incident|failure)|blame[ds]?",
        "Looks for a guilty one.",
        "“Contributing factor”, “trigger”.",
    ),
    Rule(
        r"obviously|of course|needless to say|everyone knows|common sense|as anyone can see",
        "Obvious only afterwards.",
        "Leave it out, or say to whom it was visible, and where.",
    ),
    Rule(
        r"why did(?:n['’]t)? (?:you|he|she|they)",
        "Asks for a defence.",
        "“How did it look at that point?”",
    ),
    Rule(
        r"(?:the|a single|one) root cause (?:was|is)",
        "One cause is seldom the whole story.",
        "List the contributing factors.",
    ),
    Rule(
        r"bad (?:deploy(?:ment)?|change|code|commit|push|merge)|broken code",
        "A verdict where a description belongs.",
        "What did the change do, under which condition?",
    ),
    Rule(
        r"violated (?:the )?(?:policy|process|procedure|rules?)|broke the rules?|against (?:the )?rules",
        "Judges by a rule, and hides how work is done.",
        "How does the rule fit usual work, and what made the other way sensible?",
    ),
    Rule(
        r"(?:wrong|poor|bad) (?:decision|judge?ment|call|choice)|mishandled|made a mistake|by mistake|"
        r"lack of (?:care|attention|awareness|discipline)|"
        r"lost situation(?:al)? awareness|complacent|complacency",
        "Judges by the outcome.",
        "Say which options were seen then, and on what grounds one was chosen.",
    ),
    Rule(
        r"ridiculous(?:ly)?|insane(?:ly)?|disaster|nightmare|horrible|horrific|catastrophe",
        "Says how it felt rather than what was.",
        "A plain fact with a number.",
    ),
    Rule(
        r"hast(?:y|ily)|rushed(?: (?:out|through|it|the))?|prematurely?",
        "Judges the pace.",
        "“Released N minutes after …; the deadline was …”.",
        of_people=True,
    ),
)

_QUIET = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|^[ ]{0,3}>[^\n]*|^(?: {4}|\t)[^\n]*|“[^”]*”|«[^»]*»|"
    r"\"[^\"\n]*\"|https?://\S+",
    re.DOTALL | re.MULTILINE,
)


def _compiled(rule: Rule) -> re.Pattern[str]:
    before = _SUBJECT if rule.of_people else r"(?<!\w)"
    return re.compile(rf"{before}(?P<phrase>{rule.pattern})(?!\w)", re.IGNORECASE)


_COMPILED = tuple((rule, _compiled(rule)) for rule in RULES)


def remarks(text: str) -> list[Remark]:
    """Every hint in reading order; of two that overlap, the one that begins first, then the longer."""
    told = without_quotes(text)
    found = [
        Remark(
            text[match.start("phrase") : match.end("phrase")], match.start("phrase"), rule.reason, rule.offer
        )
        for rule, pattern in _COMPILED
        for match in pattern.finditer(told)
    ]
    kept: list[Remark] = []
    for remark in sorted(found, key=lambda remark: (remark.offset, -len(remark.phrase))):
        if not kept or remark.offset >= kept[-1].offset + len(kept[-1].phrase):
            kept.append(remark)
    return kept


def without_quotes(text: str) -> str:
    """The same length, with quotations, code and addresses blanked, so that offsets stay true."""
    return _QUIET.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def names_to_roles(text: str, roles: Mapping[str, str]) -> str:
    """Names of people become what they were there for: `@ana` and `Ana Silva` become `on-call engineer`."""
    for name in _longest_first(roles):
        text = re.sub(rf"(?<![\w@])@?{re.escape(name)}(?!\w)", roles[name].replace("\\", r"\\"), text)
    return text


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted((name for name in names if name), key=lambda name: (-len(name), name))
