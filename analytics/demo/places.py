"""Rows of the retailer's places and people; everything else hangs on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Role, Team, User
from analytics.demo import cast
from changes.models import (
    AreaRule,
    AssistanceKind,
    Assistant,
    DomainArea,
    Environment,
    MarkingPolicy,
    Repository,
    Service,
)
from incidents.models import FactorKind, Severity
from intake.models import Source

PARTS = {part.slug: part for part in cast.PARTS}


@dataclass(frozen=True)
class Places:
    repositories: dict[str, Repository]
    services: dict[str, Service]
    environments: dict[str, Environment]
    policies: dict[str, list[MarkingPolicy]]
    areas: dict[str, DomainArea]
    kinds: dict[str, AssistanceKind]
    assistants: dict[str, Assistant]
    severities: dict[int, Severity]
    factors: dict[str, FactorKind]
    people: list[User]
    forge: Source
    pager: Source


def make(as_of: datetime) -> Places:
    began = as_of - timedelta(days=cast.DAYS)
    teams = {
        slug: Team.objects.create(name=name, slug=cast.TEAM_PREFIX + slug)
        for slug, name in cast.TEAMS.items()
    }
    people = [_person(name, title, [teams[slug] for slug in of], began) for name, title, of in cast.PEOPLE]
    forge = Source.objects.create(
        slug=cast.FORGE_SOURCE, name="Larkfield forge", kind="github", is_demo=True, created_at=began
    )
    pager = Source.objects.create(
        slug=cast.PAGER_SOURCE, name="Larkfield pager", kind="pagerduty", is_demo=True, created_at=began
    )
    areas = {area.slug: area for area in DomainArea.objects.all()}
    repositories = _repositories(areas, began)
    return Places(
        repositories=repositories,
        services=_services(repositories, teams, areas, began),
        environments={
            name: Environment.objects.create(source=forge, name=name, is_production=name == "production")
            for name in ("production", "staging")
        },
        policies=_policies(repositories, people, as_of),
        areas=areas,
        kinds={kind.slug: kind for kind in AssistanceKind.objects.all()},
        assistants={one.slug: one for one in Assistant.objects.all()},
        severities={one.rank: one for one in Severity.objects.all()},
        factors={one.slug: one for one in FactorKind.objects.all()},
        people=people,
        forge=forge,
        pager=pager,
    )


def _person(name: str, title: str, teams: list[Team], began: datetime) -> User:
    """Somebody who owns things and cannot sign in: no password, no address."""
    person = User(username=name, role=Role.AUTHOR, role_title=title, date_joined=began)
    person.set_unusable_password()
    person.save()
    person.teams.set(teams)
    return person


def _repositories(areas: dict[str, DomainArea], began: datetime) -> dict[str, Repository]:
    names = list(dict.fromkeys(part.repository for part in cast.PARTS))
    rows = Repository.objects.bulk_create(
        Repository(
            host=cast.HOST,
            forge_id=f"demo-{number}",
            name=f"larkfield/{name}",
            origin_address=f"{cast.HOST}/larkfield/{name}",
            is_demo=True,
            created_at=began,
        )
        for number, name in enumerate(names, start=1)
    )
    found = dict(zip(names, rows, strict=True))
    AreaRule.objects.bulk_create(
        AreaRule(repository=found[name], glob=glob, area=areas[area], position=position * 10)
        for position, (name, glob, area) in enumerate(cast.AREA_RULES, start=1)
    )
    return found


def _services(
    repositories: dict[str, Repository],
    teams: dict[str, Team],
    areas: dict[str, DomainArea],
    began: datetime,
) -> dict[str, Service]:
    taken = set(Service.objects.values_list("slug", flat=True))
    rows = Service.objects.bulk_create(
        Service(
            name=part.name,
            slug=part.slug if part.slug not in taken else f"demo-{part.slug}",
            team=teams[part.team],
            repository=repositories[part.repository],
            path_globs=list(part.globs),
            aliases=list(part.aliases),
            area=areas[part.area],
            reports_incidents=part.slug not in cast.NOT_SAID or None,
            exposure_days=cast.EXPOSURE_DAYS.get(part.slug),
            is_demo=True,
            created_at=began,
        )
        for part in cast.PARTS
    )
    return {part.slug: row for part, row in zip(cast.PARTS, rows, strict=True)}


def _policies(
    repositories: dict[str, Repository], people: list[User], as_of: datetime
) -> dict[str, list[MarkingPolicy]]:
    found: dict[str, list[MarkingPolicy]] = {}
    for name, start, end, how in cast.POLICIES:
        since = as_of - timedelta(days=start)
        policy = MarkingPolicy.objects.create(
            repository=repositories[name],
            since=since.date(),
            ended_on=(as_of - timedelta(days=end)).date() if end else None,
            how=how,
            stated_at=since,
            stated_by=people[0],
        )
        found.setdefault(name, []).append(policy)
    return found
