"""Every page, by route: axe finds nothing in light or dark, it fits 360 px, and the browser has no complaint.

A page's route without a row in `visits` or a reason in NO_PAGE fails. Of the admin's pages, which are mostly
Django's own, only what axe calls serious or critical counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize

from accounts.models import Role, User
from incidents.queries.gate import STEPS
from tests import make
from tests.browser.conftest import session_of
from tests.browser.rich import Rich, make_rich
from tests.routes import named_routes
from tests.test_access import doors

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)
FILES = ("_csv", "_json", "_zip", "_feature", "_file", "_markdown")
NO_PAGE = {
    "healthz": "plain text",
    "readyz": "plain text",
    "intake:receive": "takes POST only",
    "accounts:revoke_token": "takes POST only",
    "notices:follow": "leads on to what the notice is about",
    "notices:read": "takes POST only",
    "analytics:by_mail_decide": "takes POST only",
    "analytics:by_mail_undo": "takes POST only",
    "analytics:scenarios_zip": "a file",
    "changes:policy_csv": "a file",
    "accounts:calendar": "takes POST only",
    "incidents:calendar": "a file",
}
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
    "iframes": False,
    "preload": False,
}
MADE_ELSEWHERE = {
    "/api/v1/docs/": {"page-has-heading-one"},  # Swagger's own page begins with a heading of level 2
    "/mail/preview.html": {"landmark-one-main", "region"},  # a mail, which has no landmarks
}
# The little question mark of Django's two-list widget has a name and no role.
DJANGOS = {"aria-prohibited-attr"}
# What a narrow window or other colours can alter; the rest of the rules read the same page again.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "iframes": False,
    "preload": False,
}
SQUEEZED = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus"],
    },
    "iframes": False,
    "preload": False,
}
RUN = """async rules => (await axe.run(document, rules)).violations.map(
    found => [found.impact, found.id, found.nodes.length, found.nodes[0].target.flat().join(" "),
              found.nodes[0].failureSummary])"""
# The widest thing that no scrolling box holds: what to mend.
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return "";
  const held = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
  const wide = [...document.querySelectorAll("body *")].filter(
    e => e.getBoundingClientRect().right > room + 0.5 && !held(e));
  const name = e => e.tagName.toLowerCase() + [...e.classList].map(c => "." + c).join("");
  return `${document.documentElement.scrollWidth} px: ` + wide.slice(-3).map(name).join(", ");
}"""


@dataclass
class Walk:
    """One window, and what was wrong on the pages that it saw."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)
    at: str = ""
    answers: int = 200
    is_deaf: bool = False

    def listen(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._say(f"error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _say(self, words: str) -> None:
        self.wrong.append(f"{self.at}: {words}")

    def _console(self, message: ConsoleMessage) -> None:
        # axe tries styles that the policy forbids; the second is the browser's own line on a page that
        # answers 4xx, as a refused form does.
        if not self.is_deaf and not (
            self.answers >= 400 and message.text.startswith("Failed to load resource")
        ):
            self._say(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "about:")):
            self._say(f"asks for {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self._say(f"{response.status} for {response.url}")

    def see(self, path: str, *, answers: int = 200, is_admin: bool = False) -> None:
        self.at, self.answers = path, answers
        answer = self.page.goto(f"{self.base}{path}")
        assert answer
        if answer.status != answers:
            self._say(f"answers {answer.status}, not {answers}")
        elif answer.headers["content-type"].startswith("text/html"):
            self.look(is_admin=is_admin)

    def send_wrong(self, path: str, **fields: str) -> None:
        """The page's largest form, sent as it would be by whoever filled in little: it says what is wrong."""
        self.at, self.answers = f"{path} sent", 499
        self.page.goto(f"{self.base}{path}")
        with self.page.expect_navigation():
            self.page.evaluate(
                """fields => {
                  const forms = [...document.querySelectorAll("main form[method=post]")];
                  const form = forms.sort((a, b) => b.elements.length - a.elements.length)[0];
                  form.noValidate = true;
                  for (const one of form.querySelectorAll(":is(input, textarea)[required]")) one.value = "";
                  for (const name in fields) form.elements[name].value = fields[name];
                  form.requestSubmit();
                }""",
                fields,
            )
        if not self.page.locator(".errorlist, [aria-invalid=true], [role=alert]").count():
            self._say("names no error")
        self.look()

    def look(self, *, is_admin: bool = False) -> None:
        self.is_deaf = True
        self.page.evaluate(AXE.read_text())
        self._judge("light", RULES, is_admin)
        self._keep("light")
        self.page.emulate_media(color_scheme="dark")
        self._judge("dark", COLOURS, is_admin)
        self._keep("dark")
        if not is_admin:
            self.page.set_viewport_size(NARROW)
            if wide := self.page.evaluate(TOO_WIDE):
                self._say(f"too wide, {wide}")
            self._judge("dark, 360 px", SQUEEZED, is_admin)
            self._keep("narrow")
            self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="light")
        self.is_deaf = False

    def _judge(self, when: str, rules: dict[str, Any], is_admin: bool) -> None:
        for impact, rule, count, where, summary in self.page.evaluate(RUN, rules):
            if rule in MADE_ELSEWHERE.get(self.at, ()) or (is_admin and rule in DJANGOS):
                continue
            if not is_admin or impact in {"serious", "critical"}:
                self._say(f"{when}: {impact} {rule} x{count} at {where}: {' '.join(summary.split())}")

    def _keep(self, when: str) -> None:
        """PICTURES=folder keeps what was seen, for eyes."""
        if folder := os.environ.get("PICTURES"):
            name = self.at.strip("/").replace("/", "_")[:90] or "home"
            self.page.screenshot(path=Path(folder) / f"{name}.{when}.png", full_page=True)


@pytest.fixture
def walk(browser: Browser, served: str) -> Iterator[Callable[[User | None], Walk]]:
    if not AXE.exists():
        reason = "no axe-core: accessibility was NOT checked (npm ci --ignore-scripts)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    contexts = []

    def begin(user: User | None) -> Walk:
        context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
        context.set_default_timeout(20_000)
        contexts.append(context)
        if user:
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": session_of(user), "url": served}])
        walk = Walk(page=context.new_page(), base=served)
        walk.listen()
        return walk

    yield begin
    for context in contexts:
        context.close()


# ---------------------------------------------------------------- where to go

# Route -> what its addresses are made of, beyond the doors that need nothing: see Rich.value.
WAYS = {
    "changes:detail": ("change.pk", "quiet.pk"),
    "changes:deployment": ("deployment.pk",),
    "changes:repository": ("repository.pk",),
    "changes:policies": ("repository.pk",),
    "changes:policy_new": ("repository.pk",),
    "changes:policy": ("policy.repository_id policy.pk",),
    "changes:area": ("area.slug",),
    "changes:service": ("service.slug",),
    "analytics:feature": ("feature.slug", "unmeasured.slug"),
    "analytics:feature_edit": ("feature.slug",),
    "analytics:feature_put": ("feature.slug",),
    "analytics:report": ("repository.pk",),
    "analytics:sample": ("sample.pk",),
    "analytics:review_closed": ("week.label",),
    "analytics:signal": ("signal.pk",),
    "analytics:safeguard": ("safeguard.pk",),
    "analytics:scenario": ("scenario.number",),
    "analytics:scenario_edit": ("scenario.number",),
    "analytics:scenario_merge": ("scenario.number",),
    "analytics:scenario_from_lesson": ("unwritten.pk",),
    "incidents:detail": ("told.number", "draft.number", "fresh.number"),
    "incidents:edit": ("told.number", "fresh.number"),
    "incidents:access": ("told.number",),
    "incidents:postmortem": ("told.number", "draft.number", "reviewed.number", "fresh.number"),
    "incidents:paste": ("draft.number",),
    "incidents:reviews": ("reviewed.number", "told.number"),
    "incidents:revisions": ("draft.number", "fresh.number"),
    "incidents:revision": ("draft.number =1", "draft.number =2"),
    "incidents:step": tuple(f"draft.number ={step}" for step in STEPS),
    "incidents:lesson": ("lesson.pk", "unwritten.pk"),
    "incidents:lesson_edit": ("lesson.pk",),
    "incidents:action": ("action.pk",),
    "accounts:mail_address": ("links.address",),
    "api:docs": ("",),
}
# What is seen without signing in.
OUTSIDE = {
    "accounts:sign_in": ("",),
    "accounts:link": ("links.sign_in",),
    "accounts:mail_stop": ("links.stop",),
    "analytics:by_mail": ("links.mail",),
    "changes:care": ("links.care",),
}
# The same pages, asked for something: filters, comparisons, a rule run on the past, nothing found.
FURTHER = [
    ("changes:list", "q=nothing-is-called-like-this"),
    ("changes:list", "origin=assisted"),
    ("incidents:list", "q=nothing-is-called-like-this"),
    ("analytics:matrix", "basis=any"),
    ("analytics:review_delivery_records", "of=lead&weeks=13"),
    ("analytics:review_delivery_records", "of=restore&weeks=13"),
    ("analytics:review_reviewing_changes", "of=too_large&weeks=13"),
    ("analytics:review_time_changes", "stage=lead"),
    ("analytics:features", "unit=%25&sort=impact&period=lately"),
    ("analytics:features", "q=nothing-is-called-like-this"),
    ("analytics:replay", "scenario={rich.scenario.number}"),
    ("analytics:replay", "area={rich.area.slug}"),
    ("analytics:replay_changes", "area={rich.area.slug}"),
]


def open_doors() -> list[str]:
    """Pages whose addresses need nothing."""
    return [
        name
        for name, door in doors().items()
        if not (door.post or door.arguments or is_file(name) or name in NO_PAGE)
    ]


def addresses(rich: Rich, ways: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        reverse(name, args=[rich.value(part) for part in way.split()])
        for name, them in ways.items()
        for way in them
    ]


def is_file(name: str) -> bool:
    return name.endswith(FILES)


def is_ours(name: str) -> bool:
    """Not the admin; of the API only the page that describes it."""
    return name == "api:docs" or not name.startswith(("admin:", "api:"))


# Forms that are refused: what each is sent with, beside empty fields that have to be filled in.
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    ("incidents:report", "", {}),
    ("incidents:edit", "draft.number", {}),
    ("incidents:paste", "draft.number", {}),
    ("incidents:lesson_edit", "lesson.pk", {}),
    ("analytics:scenario_new", "", {}),
    ("analytics:scenario_edit", "scenario.number", {}),
    ("analytics:safeguard_new", "", {}),
    ("analytics:samples", "", {"size": "0"}),
    ("accounts:tokens", "", {}),
    ("accounts:password", "", {}),
]


def admin_pages() -> Iterator[str]:
    """The front page, each list, one row of each, and what we added to the admin."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = model._default_manager.first()
        if row is not None:
            yield reverse(f"{name}_change", args=[row.pk])
            yield from _added(name, row)


def _added(name: str, row: Model) -> Iterator[str]:
    for page, arguments in (("care", [row.pk]), ("try", []), ("try_one", [row.pk])):
        if page == "care" and "care" not in admin.site._registry[type(row)].list_display:
            continue  # made for every term, offered for those that can be merged
        try:
            yield reverse(f"{name}_{page}", args=arguments)
        except NoReverseMatch:
            continue


# ---------------------------------------------------------------- the tests

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_every_page_is_walked() -> None:
    posts = {name for name, door in doors().items() if door.post}
    pages = {name for name in named_routes() if is_ours(name) and not is_file(name)} - posts
    walked = {*open_doors(), *WAYS, *OUTSIDE}
    assert pages - walked - set(NO_PAGE) == set(), "pages that nobody walks"
    assert walked - pages == set(), "walked, and no page"


def test_every_page_is_fit_for_everyone(walk: Callable[[User | None], Walk]) -> None:
    rich = make_rich()
    reader, nobody = walk(rich.reader), walk(None)
    for path in [*map(reverse, open_doors()), *addresses(rich, WAYS)]:
        reader.see(path)
    for name, query in FURTHER:
        reader.see(f"{reverse(name)}?{query.format(rich=rich)}")
    reader.see("/no-such-page/", answers=404)
    for name, way, fields in REFUSED:
        [path] = addresses(rich, {name: (way,)})
        reader.send_wrong(path, **fields)
    for path in addresses(rich, OUTSIDE):
        nobody.see(path)
    nobody.send_wrong(reverse("accounts:sign_in"), username="nobody", password="wrong")
    assert reader.wrong + nobody.wrong == [], "\n".join(["", *reader.wrong, *nobody.wrong])


def test_admin_has_nothing_serious(walk: Callable[[User | None], Walk]) -> None:
    rich = make_rich()
    curator = walk(rich.reader)
    for path in admin_pages():
        curator.see(path, is_admin=True)
    assert curator.wrong == [], "\n".join(["", *curator.wrong])


def test_pages_are_fit_when_there_is_nothing_to_show(walk: Callable[[User | None], Walk]) -> None:
    newcomer = walk(make.user(Role.ADMIN, is_staff=True))
    for path in map(reverse, open_doors()):
        newcomer.see(path)
    assert newcomer.wrong == [], "\n".join(["", *newcomer.wrong])
