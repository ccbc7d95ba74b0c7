"""A small world in which every page has something to show, and where to find each of them."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from django.core.signing import TimestampSigner
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import notices
from accounts.days import day_of
from accounts.mail import stop_url
from accounts.models import Role, Scope, Subscription, Team, Topic, User
from accounts.services import issue_token, open_sign_in_link
from analytics import weekly as reports
from analytics.flow_weeks import last_full
from analytics.mails import links
from analytics.models import FrozenWeek, Safeguard, Sample, SampledChange, Signal, TestScenario
from analytics.queries import samples as sample_queries
from analytics.queries import week as queries
from analytics.review_form import ReviewForm
from analytics.services import flow, samples, weeks
from analytics.services.demo import make_demo
from changes.models import AssistanceKind, Change, Deployment, DomainArea, Feature, MarkingPolicy
from changes.services.care import care_token
from incidents.models import ActionItem, Incident, Lesson, PostmortemRevision
from incidents.services import reviewing
from tests import make
from tests.analytics.mailed import weekly

QUEUE_ENTRIES = 3


class Rich(SimpleNamespace):
    """`reader`, who may see and write all of it, and one of each thing that has a page."""

    def value(self, path: str) -> Any:
        """What `thing.attribute` is here; `=words` are the words themselves."""
        return path[1:] if path.startswith("=") else attrgetter(path)(self)


def make_rich() -> Rich:
    """The demonstration data in small, and beside it what a person adds in the course of weeks."""
    now = timezone.now()
    make_demo(as_of=now.date(), changes=500, incidents=40, weeks=1)
    reader = make.user(
        Role.ADMIN,
        username="robin",
        email="robin@example.org",
        role_title="on-call engineer, payments",
        is_staff=True,
    )
    for team in Team.objects.all():
        team.members.add(reader)
    other = make.user(username="kim", role_title="on-call engineer, search")
    told, draft, reviewed = _published()
    for incident in (draft, reviewed):
        reviewing.revise(incident_id=incident.pk, by=reader, now=now)
    _revisions(draft)
    _review(reviewed, reader, other)
    _tell(reader, told, reviewed)
    return Rich(
        reader=reader,
        week=_week(reader),
        told=told,
        draft=draft,
        reviewed=reviewed,
        fresh=_fresh(told),
        signal=_signal(),
        sample=_sample(reader),
        links=_links(reader),
        **_things(told),
    )


def _published() -> list[Incident]:
    """Three incidents told in full, causes and lessons included."""
    found = Incident.objects.filter(
        postmortem__state="published", causes__status="confirmed", lessons__isnull=False, is_restricted=False
    )
    return list(found.distinct().order_by("-number")[:3])


def _fresh(like: Incident) -> Incident:
    """Just reported; nothing is known of it but its name and its service."""
    fresh = make.incident(
        number=(Incident.objects.order_by("-number")[0].number + 1),
        title="Receipts are sent twice since this morning, and some to the wrong customer",
        is_demo=True,
    )
    fresh.services.set(like.services.all())
    return fresh


def _revisions(incident: Incident) -> None:
    sections = {section.key: section.text for section in incident.postmortem.sections.all()}
    for number, words in enumerate(("It was slow.", "It was slow, and then it was down."), start=1):
        PostmortemRevision.objects.create(
            postmortem=incident.postmortem,
            number=number,
            content={"sections": {**sections, "summary": words}},
        )


def _review(incident: Incident, reader: User, other: User) -> None:
    now = timezone.now()
    reviewing.request_review(incident_id=incident.pk, by=reader, now=now, reviewers=[other])
    reviewing.review(
        incident_id=incident.pk,
        verdict="changes_requested",
        text="Which alert was missing?",
        by=other,
        now=now,
    )


def _things(told: Incident) -> dict[str, Any]:
    change = Change.objects.filter(pk__in=told.causes.exclude(change=None).values("change"))[0]
    written = TestScenario.lessons.through.objects.values("lesson")
    return {
        "change": change,
        "quiet": Change.objects.latest("pk"),
        "deployment": Deployment.objects.filter(status="succeeded")[0],
        "repository": change.repository,
        "feature": Feature.objects.get(slug="instalments"),
        "unmeasured": Feature.objects.get(slug="passkey-sign-in"),
        "policy": MarkingPolicy.objects.all()[0],
        "service": told.services.all()[0],
        "area": change.area or DomainArea.objects.all()[0],
        "lesson": Lesson.objects.filter(incidents=told)[0],
        "unwritten": Lesson.objects.exclude(pk__in=written).order_by("pk")[0],
        "action": ActionItem.objects.filter(incident__is_restricted=False)[0],
        "scenario": TestScenario.objects.filter(lessons__isnull=False).order_by("number")[0],
        "safeguard": Safeguard.objects.all()[0],
    }


def _week(reader: User) -> FrozenWeek:
    """All weeks reckoned, and the last that is over noted and closed."""
    now = timezone.now()
    flow.settle(now=now)
    span = last_full(day_of(now))
    weeks.add_note(
        week=span.begins_on,
        demo=True,
        kind="decision",
        text="Two reviewers for payments.",
        by=reader,
        now=now,
    )
    names = ReviewForm({}, demo=True).names
    asked = queries.Asked(span, "", True, day_of(now))
    found = queries.counts(asked, with_waiting=True)
    counts = {"": {"week": found.week, "before": found.before, "waiting": found.waiting}}
    content = reports.content(span=span, demo=True, names=names, counts=counts)
    return weeks.close_week(span=span, demo=True, content=content, by=reader, now=now)


def _signal() -> Signal:
    """The decision rule may find none in so little."""
    day = timezone.now().date()
    kind = AssistanceKind.objects.get(slug="code-generation")
    return Signal.objects.filter(is_demo=True).first() or Signal.objects.create(
        kind=kind, state="early_sign", evidence=30, first_shown_on=day, last_shown_on=day, is_demo=True
    )


def _sample(reader: User) -> Sample:
    now = timezone.now()
    scope = sample_queries.Scope(since=now.date() - timedelta(days=365), until=now.date(), demo=True)
    sample = samples.draw(scope=scope, size=12, by=reader, now=now, seed=1)
    for drawn, say in zip(SampledChange.objects.filter(sample=sample), ("assisted", "manual"), strict=False):
        samples.answer(drawn_id=drawn.pk, say=say, by=reader, now=now)
    return sample


def _tell(reader: User, *incidents: Incident) -> None:
    for number, incident in enumerate(incidents):
        notices.tell(
            users=[reader],
            kind="review",
            key=f"review:{number}",
            text=f"You are asked to review the postmortem of incident {incident.number}: {incident.title}",
            path=reverse("incidents:postmortem", args=[incident.number]),
            now=timezone.now(),
        )
    for topic in Topic:
        Subscription.objects.create(user=reader, topic=topic, since=timezone.now() - timedelta(days=9))
    issue_token(user=reader, name="CI of the checkout", scopes=[Scope.values[0]], expires_at=None, by=reader)


def _links(reader: User) -> SimpleNamespace:
    waiting = Change.objects.filter(Q(origin="assisted"), assistances=None)[:QUEUE_ENTRIES]
    mail = weekly(reader, *waiting, now=timezone.now())
    signer = TimestampSigner(salt=f"accounts.mail.address:{reader.pk}:{reader.email}", sep="~")
    return SimpleNamespace(
        sign_in=open_sign_in_link(user=reader),
        mail=links.token(mail),
        care=care_token(waiting[0].pk, timezone.now()),
        stop=stop_url(reader, Topic.NOTICES).rstrip("/").rpartition("/")[2],
        address=signer.sign("robin@example.com"),
    )
