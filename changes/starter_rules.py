"""Identities, trailers, footers, branches and declarations that every installation begins with.

Data only: a migration loads it, curators edit what it loaded. Sources are the vendors' own pages and
commits in public repositories; model names are avoided, since they change monthly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

AI_KEYS = r"(?:co-?authored|co-?developed|assisted|generated|written)-by"
TOOL_WORDS = (
    r"Claude(?:[ -]Code)?|Fable|Opus|Sonnet|ChatGPT|GPT|Codex|(?:GitHub )?Copilot|Cursor|Gemini|Aider|Amp"
    r"|Devin|Pi"
    r"|Junie|Jules|Windsurf|Cline|Roo(?: Code)?|OpenHands|OpenCode|DeepSeek|Llama|Mistral|Qwen|Grok|Zed|Kiro"
)


@dataclass(frozen=True, slots=True)
class StarterAssistant:
    slug: str
    name: str
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class StarterRule:
    key: str
    place: str
    pattern: str
    origin: str = ""
    strength: str = "strong"
    is_automation: bool = False
    assistant: str = ""
    kind: str = ""
    proves: str = ""
    source_url: str = ""
    examples: tuple[str, ...] = ()


ASSISTANTS = [
    StarterAssistant(*row)
    for row in (
        ("claude-code", "Claude Code", "Anthropic"),
        ("claude-github-app", "Claude GitHub app", "Anthropic"),
        ("claude", "Claude", "Anthropic"),
        ("fable", "Fable", "Anthropic"),
        ("copilot-agent", "Copilot coding agent", "GitHub"),
        ("copilot-cli", "Copilot CLI and app", "GitHub"),
        ("copilot-review", "Copilot review suggestion", "GitHub"),
        ("copilot-autofix", "Copilot Autofix", "GitHub"),
        ("copilot", "Copilot", "GitHub"),
        ("cursor", "Cursor", "Anysphere"),
        ("devin", "Devin", "Cognition"),
        ("codex", "Codex", "OpenAI"),
        ("chatgpt", "ChatGPT", "OpenAI"),
        ("aider", "Aider", ""),
        ("openhands", "OpenHands", "All Hands AI"),
        ("jules", "Jules", "Google"),
        ("gemini", "Gemini", "Google"),
        ("gemini-cli", "Gemini CLI", "Google"),
        ("gemini-code-assist", "Gemini Code Assist", "Google"),
        ("amp", "Amp", "Sourcegraph"),
        ("sweep", "Sweep", ""),
        ("roo-code", "Roo Code", ""),
        ("junie", "Junie", "JetBrains"),
        ("factory-droid", "Factory Droid", "Factory"),
        ("firebender", "Firebender", ""),
        ("ellipsis", "Ellipsis", ""),
        ("greptile", "Greptile", ""),
        ("coderabbit", "CodeRabbit", ""),
        ("goose", "Goose", "Block"),
        ("windsurf", "Windsurf", ""),
        ("amazon-q", "Amazon Q", "Amazon"),
        ("cline", "Cline", ""),
        ("opencode", "OpenCode", ""),
        ("pi", "Pi", ""),
        ("replit", "Replit", ""),
        ("codegen", "Codegen", ""),
        ("pydanty", "pydanty", "Pydantic"),
        ("oneuptime-ai-agent", "OneUptime AI Agent", "OneUptime"),
        ("unknown-tool", "A tool that was not named", ""),
    )
]

AGENT = "An agent is the recorded author. It says nothing of supervision, and nothing of the kind of help."
HELPED = "The tool had a hand in this change; not that all of it, and not which kind of help."
REVIEWED = "A suggestion of a review bot was applied; not that the code around it was generated."
SUGGESTS = "Too easily typed by a person, or written by default: a suggestion, for a person to confirm."


@dataclass(frozen=True, slots=True)
class _Known:
    """One tool's account: as author it proves an agent, in a trailer that it helped."""

    key: str
    who: str
    assistant: str
    source_url: str
    example: str
    as_author: bool = True
    in_trailer: bool = True
    kind: str = ""

    def rules(self) -> Iterator[StarterRule]:
        if self.as_author:
            example = f"{self.assistant} <{self.example}>"
            yield StarterRule(
                f"{self.key}-author",
                "author",
                rf"(?i)<(?:{self.who})>",
                "autonomous",
                assistant=self.assistant,
                proves=AGENT,
                source_url=self.source_url,
                examples=(example,),
            )
        if self.in_trailer:
            yield StarterRule(
                f"{self.key}-trailer",
                "trailer",
                rf"(?im)^{AI_KEYS}:[^<\n]*<(?:{self.who})>",
                "assisted",
                assistant=self.assistant,
                kind=self.kind,
                proves=REVIEWED if self.kind else HELPED,
                source_url=self.source_url,
                examples=(f"Co-authored-by: {self.assistant} <{self.example}>",),
            )


GITHUB = "https://docs.github.com/en/copilot"
NOREPLY = r"@users\.noreply\.github\.com"


def _plain(login: str) -> str:
    """A login that the pattern matches, for its example."""
    return re.sub(r"\(\?:([^|)]*)[^)]*\)$", r"\1", re.sub(r"\(\?:[^)]*\)\?", "", login))


def _app(key: str, login: str, assistant: str, source: str, **more: object) -> _Known:
    """A GitHub app: its login decides, never the number before it, which apps have been seen to share."""
    who = rf"(?:\d+\+)?{login}\[bot\]{NOREPLY}"
    example = f"1234+{_plain(login)}[bot]@users.noreply.github.com"
    return _Known(key, who, assistant, source, example, **more)  # type: ignore[arg-type]


def _copilot(key: str, number: str, assistant: str, **more: object) -> _Known:
    """Copilot's accounts share a login: here the number tells the product."""
    example = f"{number}+Copilot@users.noreply.github.com"
    return _Known(key, rf"{number}\+copilot{NOREPLY}", assistant, GITHUB, example, **more)  # type: ignore[arg-type]


KNOWN = [
    _Known(
        "claude",
        r"noreply@anthropic\.com",
        "claude-code",
        "https://code.claude.com/docs/en/settings",
        "noreply@anthropic.com",
    ),
    _app("claude-app", "claude", "claude-github-app", "https://github.com/anthropics/claude-code-action"),
    _copilot("copilot-agent", "198982749", "copilot-agent"),
    _copilot("copilot-cli", "223556219", "copilot-cli"),
    _copilot("copilot-review", "175728472", "copilot-review", as_author=False, kind="review"),
    _app(
        "copilot-autofix",
        "(?:github-advanced-security|github-code-quality)",
        "copilot-autofix",
        GITHUB,
        as_author=False,
        kind="review",
    ),
    _Known(
        "cursor", r"cursoragent@cursor\.com", "cursor", "https://cursor.com/docs", "cursoragent@cursor.com"
    ),
    _app("cursor-app", "cursor", "cursor", "https://cursor.com/docs"),
    _app("devin", "devin-ai-integration", "devin", "https://docs.devin.ai"),
    _Known(
        "codex",
        r"(?:codex|noreply)@openai\.com",
        "codex",
        "https://github.com/openai/codex",
        "noreply@openai.com",
    ),
    _Known(
        "openhands",
        r"(?:openhands|opendevin)@all-hands\.dev",
        "openhands",
        "https://github.com/OpenHands/OpenHands",
        "openhands@all-hands.dev",
    ),
    _app("jules", "google-labs-jules", "jules", "https://jules.google/docs"),
    _app("gemini-cli", "gemini-cli", "gemini-cli", "https://github.com/google-gemini/gemini-cli"),
    _app(
        "gemini-code-assist",
        "gemini-code-assist",
        "gemini-code-assist",
        "https://developers.google.com/gemini-code-assist",
        as_author=False,
        kind="review",
    ),
    _Known("amp", r"amp@ampcode\.com", "amp", "https://ampcode.com/manual", "amp@ampcode.com"),
    _app("sweep", "sweep(?:-nightly|-ai)?", "sweep", "https://github.com/sweepai/sweep"),
    _app("roo", "roomote(?:-v0)?", "roo-code", "https://github.com/RooCodeInc/Roo-Code"),
    _Known(
        "roo-mail",
        r"roomote@roocode\.com",
        "roo-code",
        "https://github.com/RooCodeInc/Roo-Code",
        "roomote@roocode.com",
    ),
    _app("junie", "jetbrains-junie", "junie", "https://www.jetbrains.com/junie/"),
    _Known(
        "factory-droid",
        rf"138933559\+factory-droid(?:\[bot\]|-oss)?{NOREPLY}",
        "factory-droid",
        "https://docs.factory.ai",
        "138933559+factory-droid[bot]@users.noreply.github.com",
    ),
    _Known(
        "firebender", r"help@firebender\.com", "firebender", "https://firebender.com", "help@firebender.com"
    ),
    _app("ellipsis", "ellipsis-dev", "ellipsis", "https://www.ellipsis.dev", as_author=False, kind="review"),
    _app("greptile", "greptile-apps", "greptile", "https://www.greptile.com", as_author=False, kind="review"),
    _app(
        "coderabbit",
        "coderabbitai",
        "coderabbit",
        "https://docs.coderabbit.ai",
        as_author=False,
        kind="review",
    ),
    _app("codegen", "codegen-sh", "codegen", "https://docs.codegen.com"),
    _app("pydanty", "pydanty", "pydanty", "https://github.com/pydantic/pydantic-ai"),
    _Known(
        "oneuptime",
        r"ai-agent@oneuptime\.com",
        "oneuptime-ai-agent",
        "https://github.com/OneUptime/oneuptime",
        "ai-agent@oneuptime.com",
    ),
]

MARKERS = [
    StarterRule(
        "claude-code-footer",
        "body",
        r"(?i)generated\s+(?:with|by)\s+\[?claude\s+code\b",
        "assisted",
        assistant="claude-code",
        proves=HELPED,
        source_url="https://code.claude.com/docs/en/settings",
        examples=("Generated with [Claude Code](https://claude.com/claude-code)",),
    ),
    StarterRule(
        "claude-session",
        "trailer",
        r"(?m)^(?:Claude-Session:\s*)?https://claude\.ai/code/session_\w+",
        "assisted",
        assistant="claude-code",
        proves="A session of Claude Code; the link is private.",
        source_url="https://github.com/anthropics/claude-code/issues/77830",
        examples=("Claude-Session: https://claude.ai/code/session_01AbC",),
    ),
    StarterRule(
        "claude-family",
        "trailer",
        r"(?m)^Claude-(?:Generated-By|Steers|Escapes|Permission-Prompts|Plan):",
        "assisted",
        assistant="claude-code",
        proves=HELPED,
        examples=("Claude-Steers: 3",),
    ),
    StarterRule(
        "copilot-session",
        "trailer",
        r"(?m)^(?:Copilot-Session:\s*[0-9a-f-]{36}|Agent-Logs-Url:\s*https://github\.com/\S+/sessions/\S+)",
        "assisted",
        assistant="copilot-cli",
        proves=HELPED,
        source_url=GITHUB,
        examples=("Copilot-Session: 21420b11-5dae-49b6-ac77-965faec7f88b",),
    ),
    StarterRule(
        "copilot-vscode",
        "trailer",
        rf"(?im)^{AI_KEYS}:[^<\n]*<copilot@github\.com>",
        "assisted",
        "weak",
        assistant="copilot",
        proves="Written by default into hand-written commits for some weeks of 2026: only suggests.",
        source_url="https://github.com/microsoft/vscode/issues/313064",
        examples=("Co-authored-by: Copilot <copilot@github.com>",),
    ),
    StarterRule(
        "cursor-made-with",
        "trailer",
        r"(?m)^Made-with:\s*Cursor\b",
        "assisted",
        assistant="cursor",
        proves=HELPED,
        source_url="https://cursor.com/docs",
        examples=("Made-with: Cursor",),
    ),
    StarterRule(
        "aider-suffix",
        "author",
        r"(?i)\(aider\)\s*<",
        "assisted",
        assistant="aider",
        proves="Aider made the edit. On the committer alone it means that aider committed a person's edit.",
        source_url="https://aider.chat/docs/git.html",
        examples=("Ada Example (aider) <ada@example.org>",),
    ),
    StarterRule(
        "aider-trailer",
        "trailer",
        rf"(?im)^{AI_KEYS}:\s*aider \([^)\n]+\)\s*<(?:aider@aider\.chat|noreply@aider\.(?:dev|chat))>",
        "assisted",
        assistant="aider",
        proves=HELPED,
        source_url="https://aider.chat/docs/git.html",
        examples=("Co-authored-by: aider (gpt-5.4) <aider@aider.chat>",),
    ),
    StarterRule(
        "aider-subject",
        "subject",
        r"^aider: ",
        "assisted",
        "weak",
        assistant="aider",
        proves=SUGGESTS,
        source_url="https://aider.chat/docs/git.html",
        examples=("aider: chore: tidy up",),
    ),
    StarterRule(
        "model-suffix",
        "author",
        r"(?i)\((?:[\w.-]+/)?(?:claude|gpt|gemini|deepseek|qwen|llama|mistral|grok|codestral|o[134])-[\w.:-]+\)\s*<",
        "assisted",
        assistant="unknown-tool",
        proves="A model's id stands behind the author's name, as aider and its kin write it.",
        source_url="https://aider.chat/docs/git.html",
        examples=("Ada Example (claude-sonnet-4-20250514) <ada@example.org>",),
    ),
    StarterRule(
        "amp-thread",
        "trailer",
        r"(?m)^Amp-Thread-ID:\s*https://ampcode\.com/threads/T-[0-9a-f-]+",
        "assisted",
        assistant="amp",
        proves=HELPED,
        source_url="https://ampcode.com/manual",
        examples=("Amp-Thread-ID: https://ampcode.com/threads/T-019fa965-aa5f",),
    ),
    StarterRule(
        "firebender-footer",
        "body",
        r"(?i)generated\s+(?:with|by)\s+\[?firebender\b",
        "assisted",
        assistant="firebender",
        proves=HELPED,
        source_url="https://firebender.com",
        examples=("Generated with [Firebender](https://firebender.com)",),
    ),
    StarterRule(
        "tool-footer",
        "body",
        r"(?im)^\W*generated\s+(?:with|by)\s+\[?(?P<tool>cursor|codex|opencode|amp|goose|gemini cli"
        r"|copilot cli"
        r"|junie|windsurf|cline|roo code|devin|jules|factory|crush|kilo code)\b[^\n]{0,120}$",
        "assisted",
        proves=HELPED,
        examples=("Generated with [opencode](https://opencode.ai)",),
    ),
    StarterRule(
        "ai-footer",
        "body",
        r"(?im)^[\s*_>-]*generated (?:with|by) (?:generative )?AI[\s*_.]*$",
        "assisted",
        assistant="unknown-tool",
        proves=HELPED,
        examples=("*Generated by AI*",),
    ),
    StarterRule(
        "gemini-signature",
        "body",
        r"(?im)^\W*your friendly neighbou?rhood gemini\W*$",
        "assisted",
        assistant="gemini",
        proves=HELPED,
        source_url="https://github.com/google-gemini/gemini-cli",
        examples=("— Your friendly neighborhood Gemini",),
    ),
    StarterRule(
        "assisted-by-claude",
        "trailer",
        r"(?im)^(?:assisted|generated)-by:[^\n<]*\bclaude\b[^<\n]*$",
        "assisted",
        assistant="claude",
        proves=HELPED,
        source_url="https://docs.kernel.org/process/coding-assistants.html",
        examples=("Assisted-by: Claude Opus 4.6, OpenCode", "Assisted-by: Claude:claude-3-opus sparse"),
    ),
    StarterRule(
        "assisted-by-tool",
        "trailer",
        r"(?im)^(?:assisted|generated)-by:[^\n<]*?\b(?P<tool>chatgpt|codex|copilot|cursor|gemini|aider|opencode"
        r"|devin|windsurf|cline|amp|junie|jules|openhands|deepseek|qwen|llama|mistral|grok)\b[^\n]*$",
        "assisted",
        proves=HELPED,
        source_url="https://docs.kernel.org/process/coding-assistants.html",
        examples=("Assisted-by: Gemini:gemini-2.5-pro coccinelle",),
    ),
    StarterRule(
        "assisted-by-model",
        "trailer",
        r"(?im)^(?:assisted|generated)-by:[^\n<]*\b(?:gpt-?\d|generic llm|llm chatbot|o[134]-|ai\b)[^\n<]*$",
        "assisted",
        assistant="unknown-tool",
        proves=HELPED,
        source_url="https://docs.fedoraproject.org/en-US/council/policy/ai-contribution-policy/",
        examples=("Assisted-by: generic LLM chatbot",),
    ),
    StarterRule(
        "cline-author",
        "author",
        r"(?i)^cline <cline@",
        "autonomous",
        assistant="cline",
        proves="Name and address both say Cline; the address is a placeholder.",
        source_url="https://github.com/cline/cline",
        examples=("Cline <cline@example.com>",),
    ),
    StarterRule(
        "tool-name-author",
        "author",
        r"(?i)^(?:claude|devin|cursor|copilot|codex|jules|aider|openhands|amp|junie)(?: ai| agent| code)? <",
        "autonomous",
        "weak",
        proves="A name alone, which people bear too: for a person to confirm.",
        examples=("Devin <100000000+devin-vendor@users.noreply.github.com>",),
    ),
    StarterRule(
        "hook-written",
        "trailer",
        rf"(?im)^(?:{AI_KEYS}:[^<\n]*<(?:opensource@block\.xyz|noreply@codeium\.com|noreply@amazon\.com"
        r"|noreply@cline\.bot|noreply@pi\.dev|noreply@opencode\.ai)>|Ai-assisted:\s*true\s*$)",
        "assisted",
        "weak",
        proves="Written by a hook whenever an agent is running nearby: over-attributes.",
        source_url="https://github.com/block/aittributor",
        examples=("Ai-assisted: true",),
    ),
    StarterRule(
        "replit-agent",
        "trailer",
        r"(?m)^Replit-Commit-Author:\s*Agent\b",
        "assisted",
        assistant="replit",
        proves=HELPED,
        source_url="https://docs.replit.com",
        examples=("Replit-Commit-Author: Agent",),
    ),
    StarterRule(
        "replit-assistant",
        "trailer",
        r"(?m)^Replit-Commit-Author:\s*Assistant\b",
        "assisted",
        "weak",
        assistant="replit",
        proves="Perhaps only the message.",
        source_url="https://docs.replit.com",
        examples=("Replit-Commit-Author: Assistant",),
    ),
    StarterRule(
        "agent-branch",
        "branch",
        r"^(?P<tool>codex|copilot|cursor|devin|claude|jules)/",
        "autonomous",
        "weak",
        proves=SUGGESTS,
        examples=("codex/fix-login",),
    ),
    StarterRule(
        "ai-label",
        "label",
        r"(?i)^(?:ai|llm)[ :/_-]*(?:assisted|generated|authored)$",
        "assisted",
        assistant="unknown-tool",
        proves="Somebody, or a workflow, labelled the request.",
        examples=("ai-assisted",),
    ),
]

HEADING = r"(?im)^[\s>*#_-]*AI[ -](?:usage|use|disclosure|assistance)\b[\s*_#]*[:\n][\s*_]*"
DECLARATIONS = [
    StarterRule(
        "declared-none",
        "declaration",
        r"(?im)(?:^|[.!?:]\s+|[*_>-]\s*)no (?:generative )?AI (?:tools? |assistance )?(?:was|were) used\b"
        r"|(?:^|[.!?:]\s+)AI was not used\b",
        "manual",
        proves="The change says in so many words that no AI was used.",
        source_url="https://github.com/ghostty-org/ghostty",
        examples=("No AI was used in this pr.",),
    ),
    StarterRule(
        "declared-none-heading",
        "declaration",
        HEADING + r"(?:no|none|n/a|not used|none used|nothing)[\s*_]*\.?[\s*_]*$",
        "manual",
        proves="The request's own question on AI is answered with no.",
        examples=("AI usage: none",),
    ),
    StarterRule(
        "declared-none-box",
        "declaration",
        r"(?im)^\s*[-*] \[x\][\s*_]*(?:no AI was used|AI was not used)\b",
        "manual",
        proves="The negative box is ticked; an empty box says nothing.",
        examples=("- [x] AI was not used",),
    ),
    StarterRule(
        "declared-used-box",
        "declaration",
        r"(?im)^\s*[-*] \[x\][\s*_]*(?:AI (?:was|tools were) used|I used AI"
        r"|this (?:PR|change|code) (?:was|is) AI[- ])",
        "assisted",
        assistant="unknown-tool",
        proves="The box that says AI was used is ticked.",
        examples=("- [x] AI was used",),
    ),
    StarterRule(
        "declared-doubtful",
        "declaration",
        HEADING + r"(?:no|none|not|never|nothing|I did not|I didn't|n/a)\b[^\n]*(?:\n[^\n]+)*?"
        r"\b(?:except|besides|other than|apart from|but|only)\b",
        "unknown",
        proves="A no with an exception: a person must read it.",
        examples=("AI usage: None used except to validate and judge.",),
    ),
    StarterRule(
        "declared-none-but",
        "declaration",
        r"(?i)\bno AI (?:was|were) used[^.\n]{0,80}\b(?:except|besides|other than|apart from|but)\b",
        "unknown",
        proves="A no with an exception: a person must read it.",
        examples=("No AI was used except for the tests.",),
    ),
    StarterRule(
        "declared-tool",
        "declaration",
        HEADING + rf"(?:[^\n]*\n){{0,4}}?[^\n]*?\b(?P<tool>{TOOL_WORDS})\b",
        "assisted",
        proves="The request's own question on AI is answered, and names a tool.",
        source_url="https://github.com/ghostty-org/ghostty",
        examples=("AI disclosure: Pi was used to investigate and write this change.",),
    ),
    StarterRule(
        "declared-yes",
        "declaration",
        HEADING + r"(?:yes\b|used\b|AI (?:was )?(?:used|wrote|helped)|I used|this was (?:written|generated))",
        "assisted",
        assistant="unknown-tool",
        proves="The request's own question on AI is answered with yes.",
        examples=("AI usage: yes, for the tests",),
    ),
    StarterRule(
        "declared-help-of",
        "declaration",
        r"(?i)(?:^|[.!?]\s+|\n\n)(?:with|using) the\s+(?:help|assistance|aid)\s+of\s+"
        rf"(?P<tool>{TOOL_WORDS})\s*,",
        "assisted",
        proves="A sentence says that the tool helped; words about tools prove nothing otherwise.",
        examples=("With the help of ChatGPT, update it.",),
    ),
    StarterRule(
        "declared-written-with",
        "declaration",
        r"(?i)\bthis\s+(?:commit|patch|change|pr|pull request|fix|code)\s+(?:was|is)\s+(?:\w+\s+)?"
        r"(?:written|generated|created|made|drafted|implemented|developed)\s+(?:\w+\s+)?(?:with|by|using)\s+"
        rf"(?:the help of\s+)?(?P<tool>{TOOL_WORDS})\b",
        "assisted",
        proves="A sentence says that the tool made it.",
        examples=("This commit was written with Claude Code.",),
    ),
]


def _automation(key: str, who: str, example: str) -> StarterRule:
    return StarterRule(
        f"automation-{key}",
        "author",
        rf"(?i){who}",
        is_automation=True,
        proves="A dependency, release or formatting automation: neither a person's work nor AI.",
        examples=(example,),
    )


AUTOMATIONS = [
    _automation(
        name,
        rf"(?:\d+\+)?{login}\[bot\]{NOREPLY}",
        f"{_plain(login)}[bot] <1+{_plain(login)}[bot]@users.noreply.github.com>",
    )
    for name, login in (
        ("dependabot", "dependabot(?:-preview)?"),
        ("renovate", "renovate"),
        ("pre-commit-ci", "pre-commit-ci"),
        ("github-actions", "github-actions"),
        ("release-please", "release-please"),
        ("allcontributors", "allcontributors"),
        ("imgbot", "imgbot"),
        ("mergify", "mergify"),
        ("snyk", "snyk(?:-bot|-io)?"),
        ("pyup", "pyup(?:-bot)?"),
        ("greenkeeper", "greenkeeper"),
        ("scala-steward", "scala-steward"),
        ("deepsource", "deepsource-autofix"),
        ("autofix-ci", "autofix-ci"),
    )
] + [
    _automation(
        "renovate-mail",
        r"<(?:bot@renovateapp\.com|renovate@whitesourcesoftware\.com)>",
        "Renovate Bot <bot@renovateapp.com>",
    ),
    _automation(
        "semantic-release",
        r"<semantic-release-bot@martynus\.net>",
        "semantic-release-bot <semantic-release-bot@martynus.net>",
    ),
    _automation("weblate", r"<(?:hosted|noreply)@weblate\.org>", "Hosted Weblate <hosted@weblate.org>"),
    _automation("transifex", r"<(?:transifex@|bot@transifex)", "Transifex <bot@transifex.com>"),
    _automation("pyup-mail", r"<github-bot@pyup\.io>", "pyup-bot <github-bot@pyup.io>"),
    _automation("snyk-mail", r"<snyk-bot@snyk\.io>", "snyk-bot <snyk-bot@snyk.io>"),
]

RULES: list[StarterRule] = [
    *(rule for known in KNOWN for rule in known.rules()),
    *MARKERS,
    *DECLARATIONS,
    *AUTOMATIONS,
]
