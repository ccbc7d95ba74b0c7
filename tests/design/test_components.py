from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import get_template, render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from design import badges, navigation
from design.finders import PACKAGE_FILES
from design.icons import ICONS

FILE_OF_ITS_OWN = settings.BASE_DIR / "templates" / "analytics" / "report" / "file.html"
# Bodies of mails are no pages: mail programs know styles on elements, and the frame's few rules for the dark.
LETTERS = settings.BASE_DIR / "templates" / "mail"
COMPONENTS = sorted(path.name for path in (settings.BASE_DIR / "templates" / "components").glob("*.html"))


def draw(text: str, **context: Any) -> str:
    return Template("{% load design %}" + text).render(Context(context)).strip()


@pytest.mark.parametrize("name", COMPONENTS)
def test_component_says_what_it_takes(name: str) -> None:
    text = (settings.BASE_DIR / "templates" / "components" / name).read_text()
    assert "{#" in text or "{% comment %}" in text
    assert get_template(f"components/{name}")


@pytest.mark.parametrize("path", sorted((settings.BASE_DIR / "templates").rglob("*.html")), ids=str)
def test_template_keeps_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text()
    assert path.is_relative_to(LETTERS) or not re.search(r"<[^>]*\sstyle\s*=", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text)
    # The report that leaves the house is one file: its style stands in it, and its own policy allows that.
    assert ("<style" in text) == (path in {FILE_OF_ITS_OWN, LETTERS / "letter.html"})


@pytest.mark.parametrize(
    ("origin", "icon"),
    [("unknown", "unknown"), ("manual", "manual"), ("assisted", "assisted"), ("autonomous", "autonomous")],
)
def test_origin_has_its_word_and_its_shape(origin: str, icon: str) -> None:
    html = render_to_string("components/origin.html", {"origin": origin, "label": "Word"})
    assert "Word" in html
    assert ICONS[f"origin-{icon}"] in html


@pytest.mark.parametrize(("rank", "bars"), [(1, 4), (2, 3), (3, 2), (4, 1)])
def test_severity_fills_a_bar_a_step(rank: int, bars: int) -> None:
    html = render_to_string("components/severity.html", {"rank": rank, "name": "SEV"})
    assert html.count('class="on"') == bars


def test_severity_is_said_in_words_when_unknown() -> None:
    assert "Severity unknown" in render_to_string("components/severity.html", {"rank": None, "name": ""})


def test_every_look_has_a_drawing() -> None:
    for look in badges.STATUS_LOOKS.values():
        assert not look.icon or look.icon in ICONS
        assert look.tone in {"danger", "warning", "info", "success", "neutral"}
    assert {page.icon for page in navigation.PAGES} <= ICONS.keys()


def test_status_is_plain_when_nobody_described_it() -> None:
    html = render_to_string("components/status.html", {"status": "brand_new", "label": "Brand new"})
    assert "tone-neutral" in html
    assert "Brand new" in html


def test_icon_is_read_aloud_only_when_it_stands_alone() -> None:
    assert 'aria-hidden="true"' in draw('{% icon "check" %}')
    assert 'aria-label="Done &lt;1&gt;"' in draw('{% icon "check" label %}', label="Done <1>")


@pytest.mark.parametrize(("value", "shown"), [(None, "–"), (0, "0 s"), (3600, "1 h")])
def test_missing_duration_is_a_dash_and_zero_is_not(value: float | None, shown: str) -> None:
    assert draw("{{ value|duration }}", value=value) == shown


def test_moment_gives_utc_and_the_readers_clock() -> None:
    moment = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    with travel(datetime(2026, 11, 22, 21, 0, tzinfo=UTC), tick=False), timezone.override("Asia/Tokyo"):
        html = draw("{% when moment %}", moment=moment)
    assert 'datetime="2026-11-22T20:30:00Z"' in html
    assert "Sun 22 Nov 2026, 20:30 UTC · 05:30 on 23 Nov Asia/Tokyo" in html
    assert ">30 min ago<" in html


def test_field_keeps_its_hint_and_error_tied_to_the_input() -> None:
    class Sample(forms.Form):
        title = forms.CharField(help_text="One sentence.")

    html = Sample({"title": ""})["title"].as_field_group()
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described
    for part in described.group(1).split():
        assert f'id="{part}"' in html
    assert 'aria-invalid="true"' in html
    assert 'for="id_title"' in html


def test_optional_field_says_so_and_required_does_not() -> None:
    class Sample(forms.Form):
        must = forms.CharField()
        may = forms.CharField(required=False)
        box = forms.BooleanField(required=False)
        pick = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)

    form = Sample()
    assert "optional" not in form["must"].as_field_group()
    assert "optional" in form["may"].as_field_group()
    assert form["box"].as_field_group().count("<label") == 1
    assert "<legend>" in form["pick"].as_field_group()


@pytest.mark.parametrize("name", [page.url_name for page in navigation.PAGES] + [navigation.REPORT_INCIDENT])
def test_page_of_the_navigation_has_an_address(name: str) -> None:
    assert reverse(name)


@pytest.mark.parametrize(
    ("name", "below", "current"),
    [
        ("incidents:list", "17/", "Incidents"),
        ("analytics:review", "work/", "Review"),
        ("analytics:features", "wish-lists/", "Review"),
        ("analytics:home", "", "Home"),
        ("analytics:home", "no-such-page/", ""),
    ],
)
def test_nearest_page_is_the_current_one(name: str, below: str, current: str) -> None:
    request = HttpRequest()
    request.path = reverse(name) + below
    html = draw(
        "{% pages as all %}{% for e in all %}{% if e.current %}{{ e.page.label }}{% endif %}{% endfor %}",
        request=request,
    )
    assert html == current


@pytest.mark.parametrize("name", sorted(PACKAGE_FILES))
def test_package_file_is_found_when_installed(name: str) -> None:
    if not (settings.BASE_DIR / "node_modules").exists():
        pytest.skip("NO FRONT-END PACKAGES: run `npm ci --omit=dev --ignore-scripts`")
    assert finders.find(name)


def test_nothing_else_of_the_packages_is_served() -> None:
    assert finders.find("vendor/package.json") is None


@pytest.mark.django_db
def test_missing_page_is_ours(client: Client) -> None:
    client.raise_request_exception = False
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_error_page_stands_without_any_context(code: int) -> None:
    assert str(code) in render_to_string(f"{code}.html", {})


def test_times_are_written_without_half_days() -> None:
    moment = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    assert draw("{{ moment }}", moment=moment) == "22 Nov 2026, 20:30"


def test_a_badge_is_what_its_component_draws_with_every_word_escaped() -> None:
    drawn = draw("{% status_badge status label %}", status="resolved", label="<b>Over</b>")
    whole = render_to_string("components/status.html", {"status": "resolved", "label": "<b>Over</b>"})
    assert drawn == whole.strip()
    assert "<b>" not in drawn
    assert draw("{% severity_badge rank name %}", rank=2, name="SEV2") != draw(
        "{% severity_badge rank name %}", rank=3, name="SEV2"
    )
    assert "Severity unknown" in draw("{% severity_badge missing.rank missing.name %}")
    assert "unknown" in draw('{% origin_badge "unknown" %}')
