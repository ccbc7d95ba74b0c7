"""Identities, trailers, footers, branches and declarations that every installation begins with.

Data only: a migration loads it, curators edit what it loaded; a newer version reaches the rules that nobody
has edited (`changes.services.rulebook`). Sources are the vendors' own pages and commits in public
repositories; no pattern names a model, since models change monthly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Raised with every change below, together with a migration that calls `take_defaults`.
VERSION = 2

AI_KEYS = r"(?:co-?authored|co-?developed|assisted|generated|written)-by"
TOOL_WORDS = (
    r"Claude(?:[ -]Code)?|ChatGPT|GPT|Codex|(?:GitHub )?Copilot|Cursor|Gemini|Aider|Amp|Devin|Pi|Junie|Jules"
    r"|Windsurf|Cline|Roo(?: Code)?|OpenHands|OpenCode|DeepSeek|Llama|Mistral|Qwen|Grok|Zed|Kiro"
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
    # What looks like it and is something else; the pattern must not match it.
    negatives: tuple[str, ...] = ()
    confidence: str = "high"


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
        ("sourcery", "Sourcery", ""),
        ("qodo", "Qodo", ""),
        ("zed", "Zed", ""),
        ("kiro", "Kiro", "Amazon"),
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
    look_alikes: tuple[str, ...] = ()

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
                negatives=self._not_authors(),
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
                negatives=(
                    f"Co-authored-by: {self.assistant} <{self.example}.evil.example>",
                    f"Reviewed-by: {self.assistant} <{self.example}>",
                    *(f"Co-authored-by: {one}" for one in self.look_alikes),
                ),
            )

    def _not_authors(self) -> tuple[str, ...]:
        return (f"{self.assistant} <{self.example}.evil.example>", *self.look_alikes)


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
        look_alikes=(
            "Claude Monet <claude@monet.example>",
            "Ada Example <ada@anthropic.com>",
            "Claude <noreply@anthropic.com.example>",
        ),
    ),
    _app(
        "claude-app",
        "claude",
        "claude-github-app",
        "https://github.com/anthropics/claude-code-action",
        look_alikes=(
            "claude-fan <1+claude-fan@users.noreply.github.com>",
            "claudemar <7+claudemar@users.noreply.github.com>",
            "preclaude[bot] <1+preclaude[bot]@users.noreply.github.com>",
        ),
    ),
    _copilot(
        "copilot-agent",
        "198982749",
        "copilot-agent",
        look_alikes=(
            "Copilot <175728472+Copilot@users.noreply.github.com>",
            "Ada Example <copilot@airline.example>",
            "copilot <1+copilot@users.noreply.github.com>",
        ),
    ),
    _copilot(
        "copilot-cli",
        "223556219",
        "copilot-cli",
        look_alikes=(
            "Copilot <198982749+Copilot@users.noreply.github.com>",
            "Ada Example <copilot@airline.example>",
        ),
    ),
    _copilot(
        "copilot-review",
        "175728472",
        "copilot-review",
        as_author=False,
        kind="review",
        look_alikes=(
            "Copilot <198982749+Copilot@users.noreply.github.com>",
            "Copilot <223556219+Copilot@users.noreply.github.com>",
        ),
    ),
    _app(
        "copilot-autofix",
        "(?:github-advanced-security|github-code-quality)",
        "copilot-autofix",
        GITHUB,
        as_author=False,
        kind="review",
    ),
    _Known(
        "cursor",
        r"cursoragent@cursor\.com",
        "cursor",
        "https://cursor.com/docs",
        "cursoragent@cursor.com",
        look_alikes=(
            "Ada Example <ada@cursor.com>",
            "Cursor Hansen <cursor@hansen.example>",
        ),
    ),
    _app(
        "cursor-app",
        "cursor",
        "cursor",
        "https://cursor.com/docs",
        look_alikes=("text-cursor[bot] <1+text-cursor[bot]@users.noreply.github.com>",),
    ),
    _app(
        "devin",
        "devin-ai-integration",
        "devin",
        "https://docs.devin.ai",
        look_alikes=(
            "Devin Example <devin@example.org>",
            "Devin <100000000+devin-vendor@users.noreply.github.com>",
        ),
    ),
    _Known(
        "codex",
        r"(?:codex|noreply)@openai\.com",
        "codex",
        "https://github.com/openai/codex",
        "noreply@openai.com",
        look_alikes=(
            "Ada Example <ada@openai.com>",
            "Codex <codex@example.com>",
            "Scribe <list@codex.example>",
        ),
    ),
    _Known(
        "openhands",
        r"(?:openhands|opendevin)@all-hands\.dev",
        "openhands",
        "https://github.com/OpenHands/OpenHands",
        "openhands@all-hands.dev",
        look_alikes=("Ada Example <ada@all-hands.dev>",),
    ),
    _app(
        "jules",
        "google-labs-jules",
        "jules",
        "https://jules.google/docs",
        look_alikes=("Jules Verne <jules@verne.example>",),
    ),
    _app(
        "gemini-cli",
        "gemini-cli",
        "gemini-cli",
        "https://github.com/google-gemini/gemini-cli",
        look_alikes=("gemini-cli-robot <gemini-cli-robot@google.com>",),
    ),
    _app(
        "gemini-code-assist",
        "gemini-code-assist",
        "gemini-code-assist",
        "https://developers.google.com/gemini-code-assist",
        as_author=False,
        kind="review",
    ),
    _Known(
        "amp",
        r"amp@ampcode\.com",
        "amp",
        "https://ampcode.com/manual",
        "amp@ampcode.com",
        look_alikes=(
            "Ada Example <ada@ampcode.com>",
            "Amp <amp@guitar.example>",
        ),
    ),
    _app(
        "sweep",
        "sweep(?:-nightly|-ai)?",
        "sweep",
        "https://github.com/sweepai/sweep",
        look_alikes=(
            "Ada Example <ada@sweep.dev>",
            "Chimney Sweep <1+sweep@users.noreply.github.com>",
        ),
    ),
    _app(
        "roo",
        "roomote(?:-v0)?",
        "roo-code",
        "https://github.com/RooCodeInc/Roo-Code",
        look_alikes=("Ada Example <roo-code@example.org>",),
    ),
    _Known(
        "roo-mail",
        r"roomote@roocode\.com",
        "roo-code",
        "https://github.com/RooCodeInc/Roo-Code",
        "roomote@roocode.com",
        look_alikes=(
            "Ada Example <roo-code@example.org>",
            "Ada Example <ada@roocode.com>",
        ),
    ),
    _app(
        "junie",
        "jetbrains-junie",
        "junie",
        "https://www.jetbrains.com/junie/",
        look_alikes=("Junie Example <junie@jetbrains.com>",),
    ),
    _Known(
        "factory-droid",
        rf"138933559\+factory-droid(?:\[bot\]|-oss)?{NOREPLY}",
        "factory-droid",
        "https://docs.factory.ai",
        "138933559+factory-droid[bot]@users.noreply.github.com",
        look_alikes=("Droid <1+droid@users.noreply.github.com>",),
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
    _app(
        "pydanty",
        "pydanty",
        "pydanty",
        "https://github.com/pydantic/pydantic-ai",
        look_alikes=("pydanty-fan <1+pydanty-fan@users.noreply.github.com>",),
    ),
    _app(
        "copilot-swe-agent",
        "copilot-swe-agent",
        "copilot-agent",
        GITHUB,
        look_alikes=("swe-agent[bot] <1+swe-agent[bot]@users.noreply.github.com>",),
    ),
    _app("codex-app", "chatgpt-codex-connector", "codex", "https://developers.openai.com/codex"),
    _app("opencode-app", "opencode-agent", "opencode", "https://opencode.ai/docs/github"),
    _app("amazon-q-app", "amazon-q-developer", "amazon-q", "https://docs.aws.amazon.com/amazonq"),
    _app("sourcery", "sourcery-ai", "sourcery", "https://docs.sourcery.ai", as_author=False, kind="review"),
    _app(
        "qodo",
        "(?:qodo-merge-pro|qodo-code-review)",
        "qodo",
        "https://docs.qodo.ai",
        as_author=False,
        kind="review",
    ),
    _Known(
        "oneuptime",
        r"ai-agent@oneuptime\.com",
        "oneuptime-ai-agent",
        "https://github.com/OneUptime/oneuptime",
        "ai-agent@oneuptime.com",
        look_alikes=("Ada Example <copilot@oneuptime.com>",),
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
        negatives=(
            "The report was generated for Claude Code users",
            "Show the Claude Code Report in the summary",
            "- generated without Claude Code",
        ),
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
        negatives=(
            "See https://claude.ai/code/session_01AbC for what it did",
            "Claude-Session: none",
        ),
    ),
    StarterRule(
        "claude-family",
        "trailer",
        r"(?m)^Claude-(?:Generated-By|Steers|Escapes|Permission-Prompts|Plan):",
        "assisted",
        assistant="claude-code",
        proves=HELPED,
        examples=("Claude-Steers: 3",),
        source_url="https://github.com/anthropics/claude-code",
        confidence="medium",
        negatives=(
            "Claude-Code: see the docs",
            "Talk of Claude-Steers: in passing",
        ),
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
        negatives=(
            "Copilot-Session: expired",
            "Agent-Logs-Url: https://example.org/logs/1",
        ),
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
        confidence="low",
        negatives=(
            "Co-authored-by: Copilot <copilot@airline.example>",
            "Reviewed-by: Copilot <copilot@github.com>",
        ),
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
        negatives=(
            "Made-with: care",
            "Made-with: CursorKit",
        ),
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
        negatives=(
            "Ada Example <aider@example.org>",
            "Aider Example <ada@example.org>",
        ),
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
        negatives=(
            "Co-authored-by: Aider Example <aider@example.org>",
            "Co-authored-by: aider <aider@example.org>",
        ),
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
        confidence="low",
        negatives=(
            "Update aider: new version",
            "raider: aim better",
        ),
    ),
    StarterRule(
        "model-suffix",
        "author",
        r"(?i)\((?:[\w.-]+/)*(?:claude|gpt|gemini|deepseek|qwen|llama|mistral|grok)-[\w.:-]*\d[\w.:-]*\)\s*<",
        "assisted",
        assistant="unknown-tool",
        proves="A model's id stands behind the author's name, as aider and its kin write it.",
        source_url="https://aider.chat/docs/git.html",
        examples=("Ada Example (claude-sonnet-4-20250514) <ada@example.org>",),
        confidence="medium",
        negatives=(
            "Ada Example (Claude) <ada@example.org>",
            "Ada Example (ops-team) <ada@example.org>",
            "Ada Example (mistral wind) <ada@example.org>",
        ),
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
        negatives=(
            "Amp-Thread-ID: https://example.org/threads/T-1",
            "See https://ampcode.com/threads/T-019fa965",
        ),
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
        negatives=(
            "fix: normalize firebender absolute paths",
            "Generated with fire",
        ),
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
        confidence="medium",
        source_url="https://opencode.ai/docs",
        negatives=(
            "The summary is generated by Cursor position",
            "Answers that were generated by ChatGPT",
            "Generated with care by Jules Verne",
        ),
    ),
    StarterRule(
        "ai-footer",
        "body",
        r"(?im)^[\s*_>-]*(?:this (?:pr|pull request|commit|change) (?:was|is) )?generated (?:with|by) "
        r"(?:an? )?(?:generative )?AI(?: agent)?[\s*_.]*$",
        "assisted",
        assistant="unknown-tool",
        proves=HELPED,
        examples=("*Generated by AI*", "Generated by AI agent.", "This PR was generated by AI."),
        confidence="medium",
        source_url="https://www.apache.org/legal/generative-tooling.html",
        negatives=(
            "The text is generated by AI and shown to the customer",
            "Generated by AIX",
            "This PR was generated by an aide",
        ),
    ),
    StarterRule(
        "tool-signed",
        "body",
        r"(?im)^[\s*_>-]*(?:this (?:pr|pull request|commit|change) (?:was|is) )?generated (?:with|by) "
        r"(?:(?:an )?AI(?: agent)? \()?(?:github )?(?P<tool>copilot|claude code|claude|cursor|codex|gemini)"
        r"\)?[\s*_.]*$",
        "assisted",
        proves=HELPED,
        examples=(
            "*Generated by Copilot*",
            "Generated by GitHub Copilot",
            "Generated by Claude Code.",
            "This PR was generated by AI (Claude Code).",
            "Generated by an AI agent (Claude).",
        ),
        confidence="medium",
        source_url="https://www.apache.org/legal/generative-tooling.html",
        negatives=(
            "Answers that were generated by Claude",
            "Generated by Claude Monet",
            "Generated by cursor position",
            "The token is generated by Copilot and cached",
        ),
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
        confidence="medium",
        negatives=("Your friendly neighborhood spider",),
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
        negatives=(
            "Assisted-by: Claude Monet <claude@monet.example>",
            "Reviewed-by: Claude Opus",
            "Assisted-by: claudemar",
        ),
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
        negatives=(
            "Assisted-by: coccinelle sparse",
            "Assisted-by: Ada Example <ada@example.org>",
            "Reported-by: Gemini",
        ),
    ),
    StarterRule(
        "assisted-by-model",
        "trailer",
        r"(?im)^(?:assisted|generated)-by:[^\n<]*\b(?:gpt|generic llm|llm chatbot|llm|ai)\b[^\n<]*$",
        "assisted",
        assistant="unknown-tool",
        proves=HELPED,
        source_url="https://docs.fedoraproject.org/en-US/council/policy/ai-contribution-policy/",
        examples=("Assisted-by: generic LLM chatbot",),
        confidence="medium",
        negatives=(
            "Assisted-by: Ada Example <ada@example.org>",
            "Assisted-by: Aisram",
            "Tested-by: generic LLM chatbot",
        ),
    ),
    StarterRule(
        "assisted-by-agent-model",
        "trailer",
        r"(?im)^assisted-by:\s*(?P<tool>[a-z][\w .+-]{1,30}?):[a-z][\w.-]*\d[\w.-]*(?:\s|$)",
        "assisted",
        proves="The kernel's form: agent, colon, model. " + HELPED,
        source_url="https://docs.kernel.org/process/coding-assistants.html",
        examples=("Assisted-by: Zed:swift-model-3 sparse", "Assisted-by: Claude:claude-3-opus coccinelle"),
        negatives=(
            "Assisted-by: Ada Example <ada@example.org>",
            "Assisted-by: https://lists.example.org/1",
            "Assisted-by: coccinelle",
        ),
        confidence="medium",
    ),
    StarterRule(
        "codex-placeholder",
        "trailer",
        rf"(?im)^{AI_KEYS}:\s*codex\s*<codex@example\.com>",
        "assisted",
        "weak",
        assistant="codex",
        proves="A placeholder address that some sessions write, and that a forge may give to a stranger.",
        source_url="https://github.com/openai/codex/issues/18095",
        examples=("Co-authored-by: Codex <codex@example.com>",),
        negatives=("Co-authored-by: Scribe <codex@example.com>",),
        confidence="low",
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
        confidence="low",
        negatives=(
            "Patsy Cline <patsy@cline.example>",
            "Ada Cline <cline@example.org>",
        ),
    ),
    StarterRule(
        "tool-name-author",
        "author",
        r"(?i)^(?:claude|devin|cursor|copilot|codex|jules|aider|openhands|amp|junie)(?: ai| agent| code)? <",
        "autonomous",
        "weak",
        proves="A name alone, which people bear too: for a person to confirm.",
        examples=("Devin <100000000+devin-vendor@users.noreply.github.com>",),
        confidence="low",
        source_url="https://github.com/cognition-ai",
        negatives=(
            "Devin Example <devin@example.org>",
            "Claude Monet <claude@monet.example>",
            "Jules Verne <jules@verne.example>",
        ),
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
        confidence="low",
        negatives=(
            "Co-authored-by: Ada Example <ada@amazon.com>",
            "Ai-assisted: false",
            "Reviewed-by: Cline <noreply@cline.bot>",
        ),
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
        negatives=(
            "Replit-Commit-Author: Assistant",
            "Replit-Commit-Author: Ada",
        ),
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
        confidence="low",
        negatives=("Replit-Commit-Author: Agent",),
    ),
    StarterRule(
        "agent-branch",
        "branch",
        r"^(?P<tool>codex|copilot|cursor|devin|claude|jules)/",
        "autonomous",
        "weak",
        proves=SUGGESTS,
        examples=("codex/fix-login",),
        confidence="low",
        source_url="https://github.com/openai/codex",
        negatives=(
            "feature/codex-parser",
            "cursor-blink",
            "claude-monet/lilies",
            "fix/devin/1",
        ),
    ),
    StarterRule(
        "ai-label",
        "label",
        r"(?i)^(?:ai|llm)[ :/_-]*(?:assisted|generated|authored)$",
        "assisted",
        assistant="unknown-tool",
        proves="Somebody, or a workflow, labelled the request.",
        examples=("ai-assisted",),
        confidence="medium",
        source_url="https://docs.github.com/en/issues/using-labels-and-milestones-to-track-work/managing-labels",
        negatives=(
            "ai",
            "area: ai",
            "air-assisted",
            "ai-generated-content-feature",
            "not-ai-generated",
        ),
    ),
]

MARKERS += [
    StarterRule(
        "tool-label",
        "label",
        r"(?i)^(?:(?:made|written|assisted)[ -](?:with|by)[: -]+|ai[:/] ?)?"
        r"(?P<tool>copilot|codex|claude(?:[- ]code)?"
        r"|cursor|devin|jules|aider)$",
        "assisted",
        "weak",
        proves="A label with a tool's name may as well say what the change is about.",
        source_url="https://docs.github.com/en/issues/using-labels-and-milestones-to-track-work/managing-labels",
        examples=("copilot", "made-with: claude-code"),
        negatives=("area: copilot", "cursor-position", "claude monet", "codex-parser"),
        confidence="low",
    ),
    StarterRule(
        "no-ai-label",
        "label",
        r"(?i)^(?:no[ -]ai(?:[ -]used)?|ai[:/ -]+none|(?:human|hand)[ -](?:written|authored)"
        r"|not[ -]ai[ -](?:generated|assisted))$",
        "manual",
        proves="Somebody labelled the request as made without AI.",
        source_url="https://docs.github.com/en/issues/using-labels-and-milestones-to-track-work/managing-labels",
        examples=("no-ai", "human-written"),
        negatives=("no-ai-training", "ai", "handwritten-digits", "ai-none-found"),
        confidence="medium",
    ),
]

HEADING = r"(?im)^[\s>*#_-]*AI[ -](?:usage|use|disclosure|assistance)\b[\s*_#]*[:\n][\s*_]*"
BOX_USED = (
    r"(?im)^\s*(?:[-*+]|\d+\.) \[x\][\s*_]*(?:AI (?:tools? |assistance )?(?:was|were) used\b"
    r"|I (?:have )?used AI\b"
    r"|this (?:PR|change|code|pull request|commit) (?:was|is|contains) AI[- ](?:assisted|generated|written)\b"
)
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
        negatives=(
            "fix: disable AI buttons if no AI",
            "Explains when no AI may be used",
            "- [ ] AI was not used",
        ),
    ),
    StarterRule(
        "declared-none-heading",
        "declaration",
        HEADING + r"(?:no|none|n/a|not used|none used|nothing)[\s*_]*\.?[\s*_]*$",
        "manual",
        proves="The request's own question on AI is answered with no.",
        examples=("AI usage: none",),
        source_url="https://github.com/ghostty-org/ghostty",
        negatives=(
            "AI usage: None used except to validate and judge.",
            "AI usage policy",
            "AI usage: yes",
        ),
    ),
    StarterRule(
        "declared-none-box",
        "declaration",
        r"(?im)^\s*(?:[-*+]|\d+\.) \[x\][\s*_]*(?:no (?:generative )?AI (?:tools? |assistance )?"
        r"(?:was|were) used\b"
        r"|AI (?:tools? )?(?:was|were) not used\b|I (?:did not|didn't|have not) used? (?:any )?AI\b"
        r"|(?:written |made )?without (?:the (?:use|help) of )?(?:any )?AI\b)[^\n]{0,20}$",
        "manual",
        proves="The negative box is ticked; an empty box says nothing.",
        source_url="https://github.com/godotengine/godot/pull/121596",
        examples=(
            "- [x] AI was not used",
            "* [X] I did not use any AI tools.",
            "- [x] No AI tools were used",
        ),
        negatives=(
            "- [ ] AI was not used",
            "- [ ] No AI was used",
            "- [x] AI was used",
            "- [x] AI was not used, except to find the cause of it",
        ),
    ),
    StarterRule(
        "declared-used-box",
        "declaration",
        BOX_USED + r")",
        "assisted",
        assistant="unknown-tool",
        proves="The box that says AI was used is ticked.",
        source_url="https://github.com/godotengine/godot/pull/121596",
        examples=(
            "- [x] AI was used",
            "- [X] I used AI tools for parts of it",
            "- [x] This PR was AI-assisted",
        ),
        negatives=(
            "- [ ] AI was used",
            "- [x] AI was not used",
            "- [x] I ran the tests",
            "- [x] I used AIX to test it",
        ),
    ),
    StarterRule(
        "declared-used-box-tool",
        "declaration",
        BOX_USED + rf")[^\n]{{0,40}}?[(:,] *(?:with |by )?(?P<tool>{TOOL_WORDS})\b",
        "assisted",
        proves="The box that says AI was used is ticked, and names the tool.",
        source_url="https://github.com/godotengine/godot/pull/121596",
        examples=("- [x] AI was used (Claude Code)", "- [x] AI was used: Codex, for the tests"),
        negatives=("- [ ] AI was used (Claude Code)", "- [x] AI was used"),
    ),
    StarterRule(
        "declared-driven-by",
        "declaration",
        HEADING
        + r"(?:driven|written|generated|drafted|implemented|made)(?: mostly| largely)? (?:by|with|using) "
        r"(?P<tool>(?-i:[A-Z])\w+)\b",
        "assisted",
        proves="The request's own question on AI is answered with a name, whatever tool or model it is.",
        source_url="https://github.com/ghostty-org/ghostty",
        examples=("AI usage: Driven by Fable primarily", "AI disclosure: written with Nimbus"),
        negatives=("AI usage: driven by need", "AI usage policy, driven by Ada"),
        confidence="medium",
    ),
    StarterRule(
        "declared-doubtful",
        "declaration",
        HEADING + r"(?:no|none|not|never|nothing|I did not|I didn't|n/a)\b[^\n]*(?:\n[^\n]+)*?"
        r"\b(?:except|besides|other than|apart from|but|only)\b",
        "unknown",
        proves="A no with an exception: a person must read it.",
        examples=("AI usage: None used except to validate and judge.",),
        source_url="https://github.com/ghostty-org/ghostty",
        confidence="medium",
        negatives=(
            "AI usage: none",
            "AI usage: yes, for all but the tests",
        ),
    ),
    StarterRule(
        "declared-none-but",
        "declaration",
        r"(?i)\bno AI (?:was|were) used[^.\n]{0,80}\b(?:except|besides|other than|apart from|but)\b",
        "unknown",
        proves="A no with an exception: a person must read it.",
        examples=("No AI was used except for the tests.",),
        source_url="https://github.com/ghostty-org/ghostty",
        confidence="medium",
        negatives=(
            "No AI was used.",
            "No AI was used. But the tests are slow.",
        ),
    ),
    StarterRule(
        "declared-tool",
        "declaration",
        HEADING + rf"(?:[^\n]*\n){{0,4}}?[^\n]*?\b(?P<tool>{TOOL_WORDS})\b",
        "assisted",
        proves="The request's own question on AI is answered, and names a tool.",
        source_url="https://github.com/ghostty-org/ghostty",
        examples=("AI disclosure: Pi was used to investigate and write this change.",),
        confidence="medium",
        negatives=(
            "AI usage policy\n\nUse Claude with care",
            "Cursor usage: text blinks",
            "AI usage: none",
        ),
    ),
    StarterRule(
        "declared-yes",
        "declaration",
        HEADING + r"(?:yes\b|used\b|AI (?:was )?(?:used|wrote|helped)|I used|this was (?:written|generated))",
        "assisted",
        assistant="unknown-tool",
        proves="The request's own question on AI is answered with yes.",
        examples=("AI usage: yes, for the tests",),
        source_url="https://github.com/ghostty-org/ghostty",
        confidence="medium",
        negatives=(
            "AI usage: none",
            "AI usage policy",
            "AI disclosure: no AI was used.",
        ),
    ),
    StarterRule(
        "declared-help-of",
        "declaration",
        r"(?i)(?:^|[.!?]\s+|\n\n)(?:with|using) the\s+(?:help|assistance|aid)\s+of\s+"
        rf"(?P<tool>{TOOL_WORDS})\s*,",
        "assisted",
        proves="A sentence says that the tool helped; words about tools prove nothing otherwise.",
        examples=("With the help of ChatGPT, update it.",),
        source_url="https://github.com/DPDK/dpdk",
        confidence="medium",
        negatives=(
            "Users can, with the help of ChatGPT answers, find it",
            "With the help of Ada, update it.",
        ),
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
        source_url="https://llvm.org/docs/AIToolPolicy.html",
        confidence="medium",
        negatives=(
            "This commit was written with care.",
            "This code is used by Claude",
            "This change was requested by Cursor users",
        ),
    ),
]


def _automation(key: str, who: str, example: str, source_url: str, negative: str) -> StarterRule:
    return StarterRule(
        f"automation-{key}",
        "author",
        rf"(?i){who}",
        is_automation=True,
        proves="A dependency, release or formatting automation: neither a person's work nor AI.",
        source_url=source_url,
        examples=(example,),
        negatives=(negative,),
    )


def _automation_app(key: str, login: str) -> StarterRule:
    plain = _plain(login)
    return _automation(
        key,
        rf"<(?:\d+\+)?{login}\[bot\]{NOREPLY}>",
        f"{plain}[bot] <1+{plain}[bot]@users.noreply.github.com>",
        f"https://github.com/apps/{plain}",
        f"{plain}-fan <1+{plain}-fan@users.noreply.github.com>",
    )


AUTOMATIONS = [
    _automation_app(key, login)
    for key, login in (
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
        ("copybara", "copybara-service"),
        ("bors", "bors"),
    )
] + [
    _automation(key, who, example, source_url, negative)
    for key, who, example, source_url, negative in (
        (
            "renovate-mail",
            r"<(?:bot@renovateapp\.com|renovate@whitesourcesoftware\.com)>",
            "Renovate Bot <bot@renovateapp.com>",
            "https://docs.renovatebot.com",
            "Ada Example <ada@renovateapp.com>",
        ),
        (
            "semantic-release",
            r"<semantic-release-bot@martynus\.net>",
            "semantic-release-bot <semantic-release-bot@martynus.net>",
            "https://github.com/semantic-release/git",
            "Ada Example <ada@martynus.net>",
        ),
        (
            "weblate",
            r"<(?:hosted|noreply)@weblate\.org>",
            "Hosted Weblate <hosted@weblate.org>",
            "https://docs.weblate.org",
            "Ada Example <ada@weblate.org>",
        ),
        (
            "transifex",
            r"<(?:transifex@|bot@transifex)",
            "Transifex <bot@transifex.com>",
            "https://help.transifex.com",
            "Ada Example <ada@transifex.com>",
        ),
        (
            "pyup-mail",
            r"<github-bot@pyup\.io>",
            "pyup-bot <github-bot@pyup.io>",
            "https://pyup.io",
            "Ada Example <ada@pyup.io>",
        ),
        (
            "snyk-mail",
            r"<snyk-bot@snyk\.io>",
            "snyk-bot <snyk-bot@snyk.io>",
            "https://docs.snyk.io",
            "Ada Example <ada@snyk.io>",
        ),
        (
            "gemini-cli-robot",
            r"^gemini-cli-robot <",
            "gemini-cli-robot <gemini-cli-robot@google.com>",
            "https://github.com/google-gemini/gemini-cli",
            "gemini-cli[bot] <218312386+gemini-cli[bot]@users.noreply.github.com>",
        ),
        (
            "crowdin",
            r"<support\+bot@crowdin\.com>",
            "Crowdin Bot <support+bot@crowdin.com>",
            "https://support.crowdin.com",
            "Ada Example <ada@crowdin.com>",
        ),
    )
]

RULES: list[StarterRule] = [
    *(rule for known in KNOWN for rule in known.rules()),
    *MARKERS,
    *DECLARATIONS,
    *AUTOMATIONS,
]
