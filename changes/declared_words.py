"""What the words beside a box, or after a question, say of AI. Pure; words nobody foresaw are not guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping

import re2

MOST_LINE = 400
USED, NOT_USED, ASIDE, UNCLEAR, NOTHING = "used", "not used", "aside", "unclear", "nothing"

PRODUCT = (
    r"claude(?: code)?|chat ?gpt|gpt(?:-?[\d.]+\w*)?|codex|(?:github )?copilot|cursor|gemini|aider|amp|devin"
    r"|junie|jules|windsurf|cline|roo code|openhands|opencode|deepseek|llama|mistral|qwen|grok|zed|kiro"
)
WORD = (
    r"(?:(?:generative|gen|coding|agentic)[ -])*(?:a\.?i\.?|genai|llms?|large language models?"
    r"|machine learning|vibe coding)(?![\w.]*-free)"
)
MORE = (
    r"(?:[ /-]+(?:tool(?:s|ing)?|llms?|agents?|assistants?|assistance|help|models?|coding|software"
    r"|features?))*"
)
AI = (
    r"(?:(?:an?|any|some|other|the|(?:use|help|assistance|aid|support) of) )*"
    rf"(?:{WORD}(?:/(?:{WORD}|vibe coding|ml))?|{PRODUCT}){MORE}"
)
THING = (
    r"(?:th(?:is|e|ese)|my|our|all|some|part(?:s)? of|most of|much of|of| )*"
    r"(?:pr|pull request|mr|merge request|contributions?|changes?|code|commits?|patch|work|submission|issue)"
)
MADE = (
    r"(?:(?:co-?)?(?:created|modified|written|generated|made|produced|authored|assisted|drafted|developed"
    r"|implemented|built|prepared|done|supported|helped)(?:(?:,| or| and|/) ?)*)+"
)
MUCH = r"(?:(?:partly|partially|fully|entirely|completely|mostly|largely|heavily|solely|only|was|100 ?%) )*"
YES = r"(?:yes\W+)?"
WE = r"(?:i|we)(?: have| did)?(?: \w+ly)?"

USES = re.compile(
    rf"^{YES}(?:"
    rf"{WE} used? {AI}(?!-)"
    rf"|{AI}(?: (?:was|were|is|has been|have been))(?: \w+ly)? (?:used|involved)\b"
    rf"|used {AI}(?!-)"
    rf"|{AI} (?:generated|wrote|written|created|contributed|helped|assisted|drafted|produced|did)\b"
    rf"|{THING} (?:was|were|is|are|has been|have been) {MUCH}{MADE} {MUCH}(?:with|by|using) {AI}"
    rf"|{THING} (?:contains?|includes?|used?|uses) {MUCH}(?:{AI}|ai-?\w+)"
    rf"|{THING} (?:was|were|is|are) {MUCH}ai[ -](?:assisted|generated|written|created|authored)\b"
    rf"|(?:this (?:is|was) )?{MUCH}(?:ai|llm)[ -](?:assisted|generated|written|created|authored)\b"
    rf"(?: {THING})?(?: included)?\W*$"
    rf"|{MUCH}{MADE} {MUCH}(?:with|by|using) {AI}(?=\W|$)"
    rf"|contains? {MUCH}ai[ -]generated\b"
    rf"|i am an {AI}\b"
    r")"
)
NO_AI = rf"(?:(?:no|zero) {AI}|none of {AI})"
USES_NOT = re.compile(
    rf"^(?:no\W+)?(?:"
    rf"{NO_AI}(?: (?:was|were|is|has been|have been) (?:used|involved)\b|\W*$| used\b)"
    rf"|{AI} (?:was|were|is|has been|have been) not (?:used|involved)\b"
    rf"|(?:i|we) (?:did not|have not|do not|never) use[d]? {AI}"
    rf"|did not use {AI}"
    rf"|(?:{THING} (?:was|were|is|are|has been|have been) )?{MUCH}(?:{MADE} )?{MUCH}without {AI}"
    rf"|{THING} (?:was|were|is|are) not {MUCH}"
    rf"(?:{MADE} (?:with|by|using) {AI}|ai[ -](?:assisted|generated|written))"
    rf"|{THING} contains? no {AI}"
    rf"|(?:{THING} (?:was|were|is) )?{MUCH}{MADE} {MUCH}by (?:an? )?(?:humans?|people|hand|person|myself)\W*$"
    rf"|not used\W*$|none used\W*$"
    r")"
)
# A no with an exception is no no.
EXCEPTION = re.compile(
    r"\b(?:except|besides|other than|apart from|aside from|but|only|or|unless|although|though|however|beyond"
    r"|just|yet|mostly|partly|almost)\b"
)
# Assurances that stand beside the question: they say nothing of whether AI had a hand.
ASSURES = re.compile(
    r"\b(?:polic(?:y|ies)|guidelines?|guidance|read|understand|understood|review(?:ed)?|verif(?:y|ied)|tested"
    r"|cover|disclos\w*|attribut\w*|responsib\w*|accountab\w*|explain\w*|certify|agree|comply|compl(?:ies|iant)"
    r"|follow\w*|acknowledge\w*|hallucinat\w*|prompts?|session|logs?|licen[cs]\w*|feedback|declar\w*"
    r"|documented|marked|labell?ed|instructions)\b"
)
# What a label would tell of AI in; others only name it, as those of a product made of models do.
TELLS = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|generat\w*|writ\w*|wrote|assist\w*|help\w*|creat\w*|author\w*|made|did|done|draft\w*)\b"
    r"|\bai-\w+"
)
SPEAKS_OF_AI = re.compile(rf"(?<![\w-])(?:{WORD}|ai-\w+|{PRODUCT})(?!\w)")
ASKS = re.compile(
    rf"^\W*(?:(?:did|have) (?:you|we|i) (?:used? )?{AI}.*|(?:was|were|is|are|has|have) .*{AI}.*"
    rf"|(?:{WE} )?used? {AI}.*|did {AI} (?:help|assist|write).*|{AI} (?:was|were) used"
    rf"|(?:source ?/ ?)?(?:{WORD}|ai)(?:[ /-]+(?:tool(?:s|ing)?|coding|generated|assisted|llm|agent"
    r"|vibe coding|code|contribution))*"
    r"[ -]*(?:used?|usage|disclosure|assistance|involvement|help|declaration|statement|acknowledge?ment"
    r"|authorship|attribution|contribution|code|content|transparency|assistant)?"
    r"(?: (?:disclosure|declaration|statement|notes?|section|details))?(?: used)?)\W*$"
)
NAMES_KINDS = re.compile(
    rf"^\W*(?:(?:kinds?|types?|forms?|sorts?) of (?:the )?{AI}(?: (?:use|usage|used|help|assistance))?"
    rf"|(?:what|with what|where|how) (?:did|was|were|has|have)? ?{AI}(?: was| were)? ?"
    r"(?:help|helped|used|assist|assisted)?(?: (?:with|for|in|on))?"
    rf"|{AI} (?:was |were )?(?:helped|used|assisted) (?:with|for|in)"
    r"|if (?:it|ai) (?:helped|was used)\W+(?:with|for) what|assistance-kinds?)\W*$"
)
NAMES_TOOLS = re.compile(
    rf"^\W*(?:(?:(?:which|what) )?(?:{WORD} )?"
    r"(?:(?:tools?|models?|assistants?|agents?|llms?)(?:\(s\))?[ /]*(?:and|or|&)? ?)+"
    r"(?: ?(?:were |was )?used| versions?)?)\W*$"
)
TRAILER = re.compile(r"^[ \t]*assistance-kinds?[ \t]*:[ \t]*(\S.*)$", re.IGNORECASE)
# What a template asks for, in the place of an answer.
INSTRUCTS = re.compile(
    r"^\W*(?:please |you )?(?:tick|check|select|choose|mark|list|describe|specify|if|e\.? ?g)\b"
)
GENERATED_BY = re.compile(r"^(?:generated|co-?authored|assisted)-by\W+\S", re.IGNORECASE)
TOOL = re.compile(rf"(?<![\w-])({PRODUCT})(?![\w])", re.IGNORECASE)
TOOL_SLUGS = {"github-copilot": "copilot", "chat-gpt": "chatgpt"}

PRODUCTION = re.compile(
    r"\b(?:break|fail|go wrong)\w*\b.*\bprod(?:uction)?\b|\bprod(?:uction)? (?:risks?|impact)\b"
)
INTEGRATION = re.compile(
    r"\btest(?:ed|ing|s)?\b.*\bintegration(?: |-)?(?:points?|s)?\b|\bintegration points?\b.*\btest"
)

# Without any of these a text has nothing to read here: most commits end at this.
HINT = re2.compile(
    r"(?i)\bai\b|\ba\.i\.|genai|\bllms?\b|language model|generative|vibe coding|copilot|chatgpt"
    r"|assistance-kind|<!-- *(?:ai|kind|ask):|\bintegration|\bprod"
)
ANSWER_HINT = re2.compile(r"(?i)<!-- *ask:|\bintegration|\bprod")
KINDS = {
    "code-generation": (
        r"(?:new )?code|code[ -]?generation|code[ -]?writing|(?:initial |the )?implementation|new features?"
        r"|writing (?:new )?code|generating code|new code|generat(?:ed|ing)|coding"
        r"|drafting(?: code)?|boilerplate"
    ),
    "refactoring": r"(?:code )?refactor(?:ing|ings|ed)?|restructuring|reshaping(?: existing code)?",
    "test-writing": (
        r"(?:(?:unit|integration|writing|wrote|generating|creating|new|more|automated) )*"
        r"tests?(?: cases?)?(?: suites?)?"
        r"|test[ -]?(?:writing|generation|cases?|creation|data)"
    ),
    "debugging": (
        r"debug(?:ging)?|bug[ -]?(?:hunting|finding|analysis)|finding (?:the )?bugs?"
        r"|troubleshooting|diagnosis"
    ),
    "review": r"(?:code |self[ -])?review(?:ing)?",
    "configuration": (
        r"config(?:uration)?s?(?: or infrastructure)?|infrastructure(?: as code)?|ci(?:/cd)?|pipelines?"
    ),
    "migration": r"(?:(?:schema|data|database|db|or) ?)*migrations?",
    "dependency-upgrade": r"dependenc(?:y|ies)(?: (?:upgrades?|updates?|bumps?))?|upgrading dependencies",
    "documentation": (
        r"(?:writing )?(?:docs?|documentation|doc ?strings?|(?:code )?comments|readme|changelog)"
        r"(?: writing)?"
    ),
    "design": r"(?:api |software |system )?(?:design(?:ing)?|architecture)(?: decisions?)?",
}
KIND = {slug: re.compile(rf"^(?:{words})$") for slug, words in KINDS.items()}
BEFORE_KIND = re.compile(
    rf"^(?:{AI} (?:was |were |has |helped |assisted )*(?:used |helped )?(?:for|with|to (?:write|do)|in) "
    rf"|(?:i |we )?used? {AI} (?:for|with|to write) "
    r"|help(?:ed)? with |for |with |the |some |writing of )+"
)
CONTRACTIONS = {"n't": " not", "ca not": "can not", "i've": "i have", "we've": "we have", "i'm": "i am"}


def plain(text: str) -> str:
    """Small letters, without emphasis, links, struck text, symbols and contractions; its start only."""
    text = text[:MOST_LINE]
    text = re.sub(r"~~.*?~~", " ", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*`~]|(?<!\w)_+|_+(?!\w)|<[^<>]*>", "", text).lower().replace("’", "'")
    for short, whole in CONTRACTIONS.items():
        text = text.replace(short, whole)
    text = re.sub(r"[–—]", " - ", text)
    return re.sub(r"^[^\w\[(]+", "", " ".join(text.split()))


def meaning(label: str) -> str:
    """Of a box's label that can stand alone."""
    text = plain(label)
    short = re.sub(r"\([^)]*\)", "", text)
    short = " ".join(re.sub(r"\s+([.,:;])", r"\1", short).split())
    if USES_NOT.match(short):
        return UNCLEAR if EXCEPTION.search(text) else NOT_USED
    if USES.match(short):
        return USED
    if not SPEAKS_OF_AI.search(text):
        return NOTHING
    return UNCLEAR if TELLS.search(text) and not ASSURES.search(text) else ASIDE


def asks(text: str) -> bool:
    """Whether a heading, a label or a line before a colon asks if AI had a hand."""
    words = re.sub(r"\([^)]*\)", "", plain(text)).strip()
    words = re.sub(r"[?:.!\s]+$", "", " ".join(words.split()))
    return bool(ASKS.match(words)) and not re.search(r"\bpolic|\bnot\b|\bno\b|\bread\b", words)


def names_kinds(text: str) -> bool:
    words = re.sub(r"[?:.!\s]+$", "", plain(text))
    return bool(NAMES_KINDS.match(words))


def names_tools(text: str) -> bool:
    return bool(NAMES_TOOLS.match(re.sub(r"[?:.!\s]+$", "", plain(text))))


def answer(text: str) -> str:
    """Of what stands after a question on AI. An untouched choice, such as "yes / no", is no answer."""
    words = plain(text).strip("[]() ")
    if not words or re.fullmatch(
        r"(?:yes ?(?:/|or|\|) ?no|no ?(?:/|or|\|) ?yes|please \w+|…|\.\.\.|tbd|-)", words
    ):
        return NOTHING
    if re.fullmatch(r"(?:no|none|not used|none used|nothing|no ai|no,? (?:none|not at all))\W*", words):
        return NOT_USED
    if re.fullmatch(r"(?:yes|used|yes,? (?:it was|i did|we did))\W*", words) or re.match(r"yes\W+\w", words):
        return USED
    if re.match(r"(?:no|none|not|never|nothing|n/a)\b", words) and not USES_NOT.match(words):
        return UNCLEAR
    said = meaning(text)
    if GENERATED_BY.match(words):
        return USED
    return said if said in (USED, NOT_USED) or (said == UNCLEAR and USES_NOT.match(words)) else NOTHING


def kind_of(label: str, names: Mapping[str, str]) -> str:
    """The kind that a label names; `names` are an installation's own, small letters, by what they mean."""
    text = re.split(r"\s*(?:\(|:|\s-\s|,\s)", plain(label))[0].strip(" .;?!")
    for words in (text, BEFORE_KIND.sub("", text).strip()):
        if words in names:
            return names[words]
        for slug, known in KIND.items():
            if words == slug or known.match(words):
                return slug
    return ""


def parts_of(answer: str) -> list[str]:
    """The kinds that a line lists."""
    if INSTRUCTS.match(plain(answer)):
        return []
    found = re.split(r"\s*(?:[,;/+&]|\band\b)\s*", plain(answer).strip(" .[]"))
    return [part.strip(" .") for part in found if part.strip(" .")]


def tools_in(text: str) -> list[str]:
    if re.search(r"\be\.? ?g\b|^\W*\[", text, re.IGNORECASE):
        return []  # examples of the template, or its untouched choice
    found = [re.sub(r"[^a-z0-9]+", "-", one.lower()).strip("-") for one in TOOL.findall(text)]
    found = ["gpt" if one.startswith("gpt") else TOOL_SLUGS.get(one, one) for one in found]
    return list(dict.fromkeys(found))
