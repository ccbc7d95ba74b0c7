"""Operating load from rows made by hand: alerts, services and readings, and never a 0 for the unknown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import Team
from analytics.flow_weeks import Span
from analytics.metrics import load
from analytics.metrics.load import Load, growth
from analytics.models.flow import ReviewRules
from changes.models import LoadReading, Repository, Service
from incidents.models import Alert
from intake.models import Source
from tests import make
from tests.analytics.flow_rows import MONDAY, NOW, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Service:
    return make.service(
        "Shop", repository=make.repository(), area=make.area("till"), created_at=at(-100),
        team=Team.objects.create(name="Till", slug="till"),
    )  # fmt: skip


def found(scope: str = "", *, weeks: int = 1, begins_on: date = MONDAY, now: Any = NOW) -> Load:
    return Load(load.reckon(Span(begins_on, weeks), False, ReviewRules(), now)[scope])


def alert(service: Service | None, day: float, **over: Any) -> Alert:
    source = Source.objects.filter(slug="pager").first() or make.source(slug="pager")
    values = {"source": source, "key": f"{Alert.objects.count()}", "service": service, "opened_at": at(day)}
    return Alert.objects.create(**(values | over))


def told(repository: Repository | None, count: int, day: float = 0, **over: Any) -> LoadReading:
    assert repository is not None
    values = {"kind": "dependencies", "on": at(day).date(), "told_at": at(day)} | over
    return LoadReading.objects.create(repository=repository, count=count, **values)


def scopes_of(service: Service) -> list[str]:
    return ["", f"service:{service.pk}", f"team:{service.team_id}", f"area:{service.area_id}"]


def test_alerts_count_by_what_they_name_and_noise_is_said(shop: Service) -> None:
    outage = make.incident()
    false_alarm = make.incident(status="closed", closing_reason="false_alarm")
    alert(shop, 0, incident=outage, status="resolved", resolved_at=at(1))
    alert(shop, 1, incident=false_alarm, status="resolved", resolved_at=at(1.5))
    alert(shop, 2, status="dismissed")
    alert(shop, -30)  # open ever since
    alert(shop, -30, status="resolved", resolved_at=at(20))  # open at the end of the week
    alert(shop, -30, status="resolved", resolved_at=at(-29))
    alert(None, 3)
    alert(shop, 9)
    for scope, more in zip(scopes_of(shop), (1, 0, 0, 0), strict=True):
        one = found(scope)
        assert one.alerts == 3 + more
        assert one.noise is not None
        assert (one.noise.k, one.noise.n) == (2 + more, 3 + more)
        assert one.noise.rate is None
        assert one.open_alerts == 2 + more


def test_noise_has_a_rate_and_its_range_from_twenty_alerts_on(shop: Service) -> None:
    for number in range(20):
        alert(shop, number / 10, incident=make.incident() if number else None)
    noise = found().noise
    assert noise is not None
    assert noise.rate == pytest.approx(0.05)
    assert noise.interval == pytest.approx((0.009, 0.236), abs=0.001)


def test_a_restricted_incident_counts_for_everyone(shop: Service) -> None:
    alert(shop, 0, incident=make.incident(is_restricted=True))
    noise = found().noise
    assert noise is not None
    assert (noise.k, noise.n) == (0, 1)


def test_what_no_alert_ever_named_is_not_measured(shop: Service) -> None:
    other = make.service("Other", created_at=at(3))
    assert found().alerts is None
    alert(shop, -300, status="resolved", resolved_at=at(-299))
    assert found().alerts == 0
    assert found(f"service:{other.pk}").alerts is None


def test_services_are_those_known_by_the_end_of_the_span(shop: Service) -> None:
    make.service("Young", created_at=at(10))
    make.service("Demo", is_demo=True)
    assert found().services == 1
    assert found(weeks=13).services == 2


def test_a_reading_stands_until_the_next_and_ninety_two_days_at_most(shop: Service) -> None:
    told(shop.repository, 40, -60)
    told(shop.repository, 44, 2)
    told(shop.repository, 50, 9)
    for scope in scopes_of(shop):
        assert found(scope).dependencies == 44
        assert found(scope).oldest("dependencies") == str(at(2).date())
    assert found(begins_on=MONDAY - timedelta(weeks=1)).dependencies == 40
    assert found(begins_on=MONDAY + timedelta(weeks=14)).dependencies is None
    assert found().settings is None


def test_a_reading_of_today_counts_today(shop: Service) -> None:
    told(shop.repository, 44, 2)
    assert found(now=at(2)).dependencies == 44
    assert found(now=at(1.6)).dependencies == 44  # the day itself
    assert found(now=at(1)).dependencies is None


def test_a_repository_counts_whole_for_everything_and_by_parts_for_its_areas() -> None:
    repository = make.repository()
    till, web = (
        make.service(name, repository=repository, area=make.area(name.lower()), path_globs=[f"{name}/**"])
        for name in ("Till", "Web")
    )
    told(repository, 100)
    for scope in scopes_of(till)[1:2] + [f"area:{till.area_id}"]:
        assert found(scope).dependencies is None  # of the whole nobody can say whose it is
    told(repository, 30, service=till)
    assert found().dependencies == 100
    assert found(f"area:{till.area_id}").dependencies == 30
    assert found(f"service:{web.pk}").dependencies is None
    told(repository, 20, service=web, area=till.area)
    assert found(f"area:{till.area_id}").dependencies == 50
    LoadReading.objects.filter(service=None).delete()
    assert found().dependencies == 50
    assert found().repositories("dependencies") == 1


def test_a_repository_without_areas_of_services_counts_in_its_own() -> None:
    area = make.area("infra")
    told(make.repository(default_area=area), 7, kind="settings")
    assert found(f"area:{area.pk}").settings == 7


def test_growth_is_told_of_what_was_measured_at_both_ends(shop: Service) -> None:
    told(shop.repository, 40, -20)
    told(shop.repository, 43, 2)
    told(make.repository(), 500, 3)
    before, now = found(begins_on=MONDAY - timedelta(weeks=2)), found()
    assert (now.dependencies, before.dependencies) == (543, 40)
    grown = growth(now, before, "dependencies")
    assert grown is not None
    assert (grown.difference, grown.places, grown.new, grown.gone) == (3, 1, 1, 0)
    assert growth(now, before, "settings") is None
    assert growth(now, None, "dependencies") is None


def test_demonstration_data_is_never_beside_real_data(shop: Service) -> None:
    told(make.repository(is_demo=True), 9)
    alert(None, 0, source=make.source(is_demo=True))
    assert found().dependencies is None
    assert found().alerts is None
