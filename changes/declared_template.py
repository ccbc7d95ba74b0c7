"""The text that people paste into their pull-request template. Pure.

The comments name what each line means, so that its words may be translated or reworded.
"""

from __future__ import annotations

from collections.abc import Iterable


def template(kinds: Iterable[tuple[str, str]]) -> str:
    """`kinds`: slug and name of each kind of help, in their order."""
    boxes = [f"- [ ] {name} <!-- kind:{slug} -->" for slug, name in kinds]
    parts = [
        "## Did AI help with this change? <!-- ai:section -->",
        "- [ ] No AI was used <!-- ai:no -->\n- [ ] AI helped <!-- ai:yes -->",
        "If it helped, with what? Tick all that apply.",
        "\n".join(boxes),
        "Tool:",
        "## What could break in production? <!-- ask:production -->",
        "## How did we test the integration points? <!-- ask:integration -->",
    ]
    return "\n\n".join(parts) + "\n"
