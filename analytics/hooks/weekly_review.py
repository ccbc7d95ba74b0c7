"""The weekly review to hooks: the counts of the digest, once a week, of the scope of each hook."""

from __future__ import annotations

from datetime import date, datetime

from analytics.mails.digest import at_a_glance, review_url, subject, told, week_before
from analytics.mails.weekly import LATE, key_of, moment_before
from analytics.queries.scope_choices import label
from analytics.queries.week_counts import Count, counts
from intake.models import OutgoingMessage
from intake.outgoing import hooks
from intake.outgoing.writers import Document

TOPIC = "weekly_review"


def make_due(*, now: datetime) -> int:
    """For the hooks that were there when the week fell due."""
    moment = moment_before(now)
    if now - moment > LATE:
        return 0
    content = {"week": week_before(moment).isoformat()}
    listening = hooks.listening(TOPIC, since=moment)
    return hooks.put(hooks=listening, topic=TOPIC, key=key_of(moment), content=content, now=now)


def document(*, message: OutgoingMessage, now: datetime) -> Document | None:
    scope, begins_on = message.hook.scope, date.fromisoformat(message.content["week"])
    of = label(scope)
    found = counts(begins_on, scope=scope, demo=False) if of else None
    if of is None or found is None or not found.says_something:
        return None
    sentences = told(at_a_glance(begins_on, scope, of, now, demo=False))
    lines = [
        ("incidents began", found.incidents),
        ("deployments to production", found.deployments),
        (f"postmortems due by {found.due_by:%-d %B} or before", found.postmortems),
        (f"actions due by {found.due_by:%-d %B} or before", found.actions),
    ]
    url = review_url(begins_on, scope)
    text = [f"{subject(found, of if scope else '')}: {found.begins_on:%-d %B} to {found.ends_on:%-d %B}"]
    text += [f"- {words}: {_said(count)}" for words, count in lines]
    text += [f"- **{line.title}.** {line.words}" for line in sentences]
    return Document(
        "\n".join([*text, url]),
        {
            "begins_on": begins_on.isoformat(),
            "ends_on": found.ends_on.isoformat(),
            "scope": scope,
            "incidents_begun": _figure(found.incidents),
            "deployments": _figure(found.deployments),
            "postmortems_due": _figure(found.postmortems),
            "actions_due": _figure(found.actions),
            "due_by": found.due_by.isoformat(),
            "sentences": {line.key: line.words for line in sentences},
            "url": url,
        },
    )


def _said(count: Count) -> str:
    if count.number is None:
        return "not told, few and one restricted" if count.is_hidden else "not known"
    return str(count.number)


def _figure(count: Count) -> dict[str, object]:
    """A number that is not known or not told is null, never 0."""
    return {"number": count.number, "is_hidden": count.is_hidden}
