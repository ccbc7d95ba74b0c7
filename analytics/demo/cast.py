# ruff: noqa: E501  prose reads better whole
"""The made-up retailer: its repositories, services, teams and people, and how each part of it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

HOST = "forge.larkfield.example"
SEED = 7
DAYS = 700  # twenty-three months
CHANGES = 11_300
INCIDENTS = 700
FULL = 40  # of the incidents: told in full, with a lesson
WEEKS = 26  # for which is kept what the decision rule said


@dataclass(frozen=True)
class Part:
    """One service of the retailer, and how people there work and say where AI had a hand."""

    slug: str
    name: str
    repository: str
    team: str
    area: str
    globs: tuple[str, ...]
    aliases: tuple[str, ...]
    share: float  # of all changes
    unknown: float  # share of changes of which nobody said anything
    hazard: float  # failures per ordinary change, relative to the other parts
    kinds: dict[str, float] = field(default_factory=dict)
    confirms: float = 5 / 6  # of the suspected causes that were settled


USUAL_KINDS: dict[str, float] = {
    "code-generation": 42,
    "test-writing": 36,
    "refactoring": 34,
    "debugging": 14,
    "review": 28,
    "configuration": 5,
    "migration": 3,
    "documentation": 3,
    "dependency-upgrade": 2,
    "design": 2,
}
FULFILMENT_KINDS = {**USUAL_KINDS, "migration": 24}
PAYMENTS_KINDS = {**USUAL_KINDS, "code-generation": 75}
PLATFORM_KINDS = {**USUAL_KINDS, "configuration": 40, "code-generation": 22}

PARTS = [
    Part(
        slug="payments-api",
        name="Payments API",
        repository="payments",
        team="payments",
        area="payments",
        globs=(),
        aliases=("payments", "pay-api-prod"),
        share=0.24,
        unknown=0.13,
        hazard=1.0,
        kinds=PAYMENTS_KINDS,
    ),
    Part(
        slug="checkout-web",
        name="Checkout",
        repository="storefront",
        team="storefront",
        area="checkout",
        globs=("apps/checkout/**", "packages/basket/**"),
        aliases=("checkout", "web-checkout"),
        share=0.16,
        unknown=0.24,
        hazard=1.0,
        kinds=USUAL_KINDS,
    ),
    Part(
        slug="catalogue-web",
        name="Catalogue and search",
        repository="storefront",
        team="storefront",
        area="catalogue",
        globs=("apps/catalogue/**", "packages/search/**"),
        aliases=("catalogue", "search-prod"),
        share=0.13,
        unknown=0.46,
        hazard=0.7,
        kinds=USUAL_KINDS,
    ),
    Part(
        slug="identity-api",
        name="Identity",
        repository="identity",
        team="accounts",
        area="identity",
        globs=(),
        aliases=("identity", "auth-prod"),
        share=0.11,
        unknown=0.22,
        hazard=0.9,
        kinds=USUAL_KINDS,
    ),
    Part(
        slug="compliance-desk",
        name="Compliance desk",
        repository="compliance",
        team="accounts",
        area="compliance",
        globs=(),
        aliases=("compliance", "privacy-requests"),
        share=0.08,
        unknown=0.2,
        hazard=0.7,
        kinds=USUAL_KINDS,
    ),
    Part(
        slug="warehouse-core",
        name="Warehouse core",
        repository="warehouse",
        team="fulfilment",
        area="fulfilment",
        globs=(),
        aliases=("wms", "warehouse-prod"),
        share=0.13,
        unknown=0.28,
        hazard=0.9,
        kinds=FULFILMENT_KINDS,
    ),
    Part(
        slug="edge-gateway",
        name="Edge gateway",
        repository="platform",
        team="platform",
        area="platform",
        globs=(),
        aliases=("gateway", "edge-prod"),
        share=0.15,
        unknown=0.2,
        hazard=1.0,
        kinds=PLATFORM_KINDS,
        confirms=0.15,
    ),
]

# Paths of a repository that belong to an area, besides the area of its service.
AREA_RULES = [
    ("storefront", "apps/checkout/**", "checkout"),
    ("storefront", "packages/basket/**", "checkout"),
    ("storefront", "apps/catalogue/**", "catalogue"),
    ("storefront", "packages/search/**", "catalogue"),
    ("payments", "src/compliance/**", "compliance"),
    ("payments", "**", "payments"),
    ("identity", "src/consent/**", "compliance"),
    ("identity", "**", "identity"),
    ("compliance", "**", "compliance"),
    ("warehouse", "**", "fulfilment"),
    ("platform", "**", "platform"),
]


@dataclass(frozen=True)
class Planted:
    """How much likelier than others a change fails: what the figures are there to find."""

    kind: str
    area: str | None
    factor: float
    ended: int | None = None  # days before the end on which a safeguard put an end to it
    since: float = 1.0

    def of(self, kinds: list[str], area: str, days_before_end: float) -> float:
        if self.kind not in kinds or self.area not in (None, area):
            return 1.0
        return self.since if self.ended is not None and days_before_end <= self.ended else self.factor


PLANTED = [
    Planted("code-generation", "payments", 4.2),
    Planted("code-generation", "checkout", 9.0, ended=168, since=0.3),
    Planted("configuration", "platform", 6.5),
    Planted("migration", "fulfilment", 12.0),
    Planted("test-writing", None, 0.01),
    Planted("refactoring", None, 0.4),
    Planted("review", None, 0.35),
]


@dataclass(frozen=True)
class Answer:
    """What people made of a signal, in that week or as soon as it was shown: a review, or a safeguard."""

    weeks_before_end: int
    kind: str
    area: str | None
    text: str
    review: str = ""
    safeguard: str = ""


ANSWERED_AFTER = timedelta(days=1, hours=10)
ANSWERS = [
    Answer(
        24,
        "code-generation",
        "checkout",
        "Whoever reviews runs the basket's contract tests first and looks for totals kept in the browser.",
        safeguard="Generated checkout code needs contract tests and a second reviewer",
    ),
    Answer(
        23,
        "code-generation",
        None,
        "Two areas stand behind it, the others do not: answered there.",
        review="acknowledged",
    ),
    Answer(
        19,
        "code-generation",
        "payments",
        "On the agenda of the payments review.",
        review="acknowledged",
    ),
    Answer(
        4,
        "code-generation",
        "payments",
        "A test bank that answers late, twice and out of order runs on every request that has generated code.",
        safeguard="Generated payments code passes the slow-bank suite before review",
    ),
    Answer(
        12,
        "configuration",
        "platform",
        "Few of these links are confirmed: the cluster was moved in those weeks, and changes were named by time.",
        review="dismissed",
    ),
]

TEAMS = {
    "payments": "Larkfield Payments",
    "storefront": "Larkfield Storefront",
    "accounts": "Larkfield Accounts and Privacy",
    "fulfilment": "Larkfield Fulfilment",
    "platform": "Larkfield Platform",
}
TEAM_PREFIX = "demo-"

# (user name, words shown instead of a name, teams)
PEOPLE = [
    ("demo-oncall-payments", "on-call engineer, payments", ("payments", "storefront")),
    ("demo-oncall-platform", "on-call engineer, platform", ("platform", "fulfilment")),
    ("demo-incident-lead", "incident lead", ("accounts", "platform")),
]

# (repository, days before the end on which it began, days before the end on which it ended)
POLICIES: list[tuple[str, int, int | None, str]] = [
    ("identity", 270, None, "A required question in the pull-request template, and a check that reads it."),
    ("compliance", 420, None, "The release checklist asks; the auditor reads it every quarter."),
    ("warehouse", 330, 210, "A label that reviewers set. Ended: too many changes landed without review."),
]

# Where a failure costs most: as the areas that the product begins with have it.
RISKY_AREAS = frozenset({"payments", "identity", "compliance", "checkout"})

# Repositories whose senior reviewers are named, and for how many days they have been.
SENIORS_SINCE = {"payments": 520, "storefront": 330, "identity": 250, "compliance": 60}

# Of which services nobody said whether their incidents come in, and which wait longer before they call a
# deployment good.
NOT_SAID = frozenset({"catalogue-web"})
EXPOSURE_DAYS = {"compliance-desk": 21}

FORGE_SOURCE = "demo-forge"
PAGER_SOURCE = "demo-pager"
