# ruff: noqa: E501  prose reads better whole
"""Titles as pull requests have them, from patterns and lists for each area."""

from __future__ import annotations

from random import Random

# For each area: patterns of ordinary work, and the words that fill them.
WORK: dict[str, list[str]] = {
    "payments": [
        "Retry {call} once when {provider} times out",
        "Add {method} to the {market} payment page",
        "Store the {provider} reference with every {entry}",
        "Refuse {call} without an idempotency key",
        "Round {entry} lines by the currency's minor unit",
        "Map {provider} decline codes to our own reasons",
        "Send {entry} events to the ledger in order",
        "Allow partial {entry} from the support desk",
        "Expire unused {method} tokens after 13 months",
        "Report {entry} totals per market and day",
        "Read {provider} webhooks from the queue instead of inline",
        "Cap {call} at three attempts per order",
        "Show the bank's reason when {method} is declined",
        "Reconcile {entry} rows against the {provider} file",
    ],
    "checkout": [
        "Keep the basket when {event}",
        "Validate {field} before the payment step",
        "Show {cost} before the last step",
        "Remember {field} for returning customers",
        "Recalculate {cost} when {event}",
        "Offer {delivery} where the warehouse can promise it",
        "Disable the order button while {field} is checked",
        "Explain why {delivery} is not available",
        "Track drop-off on the {field} step",
        "Apply {cost} after vouchers, not before",
        "Hide {delivery} for oversized items",
        "Announce errors on {field} to screen readers",
    ],
    "catalogue": [
        "Rank {goods} by availability in the shopper's market",
        "Add {facet} facet to {goods}",
        "Index {facet} for {goods}",
        "Lazy-load images in the {goods} list",
        "Treat {facet} synonyms as one in search",
        "Cache {goods} pages for five minutes at the edge",
        "Show when {goods} were last in stock",
        "Fall back to English where {goods} have no translation",
        "Drop discontinued {goods} from the sitemap",
        "Sort {goods} by {facet} on narrow screens",
        "Suggest {goods} when a search finds nothing",
    ],
    "identity": [
        "Ask for a second factor when {risk}",
        "Rotate the {token} signing keys without sign-outs",
        "Lock the {token} after ten failed attempts",
        "Revoke every {token} when {risk}",
        "Record {risk} in the security log",
        "Let support staff revoke a {token} by device",
        "Rate-limit {flow} by address and account",
        "Shorten the {token} lifetime to {minutes} minutes",
        "Send {flow} mails through the new provider",
        "Require a fresh sign-in before {flow}",
        "Accept passkeys in {flow}",
    ],
    "compliance": [
        "Delete {record} after the retention period",
        "Export {record} on a data subject's request",
        "Keep a signed trail of who opened {record}",
        "Mask {record} in the support console",
        "Show the {law} notice to {market} shoppers",
        "Add {law} fields to the tax report",
        "Record consent for {purpose} per market",
        "Stop {purpose} when consent is withdrawn",
        "Archive {record} to write-once storage",
        "Flag orders that need a {law} declaration",
    ],
    "fulfilment": [
        "Split {unit} over two warehouses when stock is short",
        "Print {carrier} labels in batches",
        "Reserve stock when {moment}",
        "Release reservations of {unit} after {minutes} minutes",
        "Poll {carrier} for tracking every {minutes} minutes",
        "Route {unit} to the nearest open dock",
        "Warn pickers about fragile {unit}",
        "Recount {unit} when {moment}",
        "Accept returns without a label from {carrier}",
        "Book {carrier} pick-ups from the evening plan",
        "Weigh {unit} before the label is printed",
    ],
    "platform": [
        "Raise {limit} of the {component}",
        "Move {component} settings into the chart",
        "Pin the base image of the {component}",
        "Add a readiness check to the {component}",
        "Drain connections before the {component} restarts",
        "Emit {metric} from the {component}",
        "Alert on {metric} of the {component}",
        "Shard the {component} by market",
        "Run {component} migrations before the roll-out",
        "Turn on request hedging in the {component}",
        "Lower log volume of the {component}",
        "Use workload identity for the {component}",
    ],
}

FILL: dict[str, list[str]] = {
    "call": ["captures", "refunds", "authorisations", "payouts", "voids", "3-D Secure look-ups"],
    "provider": ["Nordbank", "Paylane", "Coppergate", "Acquira"],
    "method": ["card", "instalment", "bank transfer", "wallet", "gift card", "invoice"],
    "entry": ["refund", "settlement", "chargeback", "payout", "fee", "capture"],
    "market": ["Dutch", "Polish", "Portuguese", "Swedish", "Irish", "Czech", "Danish", "Finnish", "Italian"],
    "event": [
        "the session expires",
        "a voucher is removed",
        "the country changes",
        "an item sells out",
        "the shopper signs in",
        "the delivery slot is taken",
    ],
    "field": [
        "postcode",
        "company VAT number",
        "phone number",
        "delivery note",
        "voucher code",
        "birth date",
    ],
    "cost": ["delivery costs", "gift-wrap fees", "customs duties", "the voucher discount", "deposit fees"],
    "delivery": [
        "same-day delivery",
        "locker pick-up",
        "Saturday delivery",
        "store pick-up",
        "two-man delivery",
    ],
    "goods": [
        "garden furniture",
        "bundles",
        "refurbished items",
        "spare parts",
        "clearance items",
        "seasonal goods",
    ],
    "facet": ["colour", "material", "energy label", "size", "brand", "price per unit"],
    "risk": [
        "the device is new",
        "the country changes",
        "a password was leaked",
        "the address is on a block list",
    ],
    "token": ["session", "refresh token", "device token", "API key", "remember-me cookie"],
    "flow": ["password reset", "account linking", "e-mail change", "guest sign-up", "account deletion"],
    "minutes": ["10", "15", "20", "30", "45"],
    "record": [
        "invoices",
        "support chats",
        "delivery addresses",
        "call recordings",
        "age checks",
        "bank details",
    ],
    "law": ["packaging", "battery", "one-stop-shop VAT", "energy label", "price history"],
    "purpose": ["marketing mails", "profiling", "partner offers", "session replay", "push messages"],
    "unit": ["multi-parcel orders", "pallets", "cold-chain items", "oversized parcels", "gift orders"],
    "carrier": ["Swiftline", "Postjet", "Harbour Freight", "Velo Courier"],
    "moment": ["an order is paid", "a pick is short", "a return is scanned", "a pallet is moved"],
    "component": [
        "edge gateway",
        "event broker",
        "image resizer",
        "build cache",
        "metrics store",
        "job runner",
    ],
    "limit": [
        "the connection limit",
        "the memory limit",
        "the request timeout",
        "the pod count",
        "the queue depth",
    ],
    "metric": ["queue lag", "p99 latency", "retry counts", "connection churn", "cache hit ratio"],
}

MODULES: dict[str, list[str]] = {
    "payments": ["refunds", "ledger", "captures", "settlements", "tokens", "webhooks", "chargebacks"],
    "checkout": ["basket", "address", "vouchers", "delivery", "summary", "totals"],
    "catalogue": ["search", "facets", "listing", "prices", "images", "ranking"],
    "identity": ["sessions", "factors", "recovery", "devices", "permissions", "consent"],
    "compliance": ["retention", "requests", "exports", "notices", "audit", "tax"],
    "fulfilment": ["stock", "picking", "parcels", "returns", "carriers", "docks"],
    "platform": ["gateway", "broker", "pipelines", "charts", "observability", "secrets"],
}
FOLDERS: dict[str, tuple[str, str, str]] = {
    # where its sources lie, where its tests lie, and their ending
    "payments": ("src", "tests", "py"),
    "checkout": ("apps/checkout", "apps/checkout/tests", "ts"),
    "catalogue": ("apps/catalogue", "apps/catalogue/tests", "ts"),
    "identity": ("src", "tests", "go"),
    "compliance": ("src", "tests", "py"),
    "fulfilment": ("src/main/kotlin", "src/test/kotlin", "kt"),
    "platform": ("src", "tests", "go"),
}
FILES = ["model", "service", "client", "rules", "store", "handler", "schedule", "report", "mapping", "rules"]

BY_KIND: dict[str, list[str]] = {
    "refactoring": [
        "Split {module} into reading and writing",
        "Extract {file} from {module}",
        "Remove dead branches in {module} {file}",
        "Make {module} {file} free of side effects",
        "Move {module} {file} behind one interface",
        "Name things in {module} as the business does",
    ],
    "test-writing": [
        "Cover {module} {file} with property tests",
        "Add regression tests for {module} {file}",
        "Test {module} {file} at the limits",
        "Replace sleeps in {module} tests by a clock",
        "Record fixtures for {module} from staging",
        "Test {module} with what production really sends",
    ],
    "debugging": [
        "Fix off-by-one day in {module} {file}",
        "Fix memory growth in {module} {file}",
        "Fix race between {module} {file} and its cache",
        "Stop {module} {file} from swallowing time-outs",
        "Fix wrong time zone in {module} {file}",
    ],
    "configuration": [
        "Raise the {module} time-out from 5 to {minutes} seconds",
        "Set memory limits for {module} from a month of use",
        "Add a staging overlay for {module}",
        "Rotate the {module} credentials weekly",
        "Scale {module} on queue depth",
        "Route {module} traffic through the new gateway",
    ],
    "migration": [
        "Add an index for the slowest {module} query",
        "Backfill market on {module} rows",
        "Drop columns of {module} that nobody reads",
        "Partition {module} history by month",
    ],
    "documentation": [
        "Describe how {module} {file} decides",
        "Write the runbook for {module}",
        "Explain {module} time-outs where they are set",
    ],
    "design": [
        "Sketch the {module} interface for two providers",
        "Introduce events between {module} and its readers",
    ],
    "dependency-upgrade": [
        "Upgrade {library} to {version}",
        "Move from {library} to its successor in {module}",
    ],
}
LIBRARIES = [
    "httpx",
    "pydantic",
    "vite",
    "kafka-clients",
    "grpc-go",
    "psycopg",
    "react",
    "opentelemetry",
    "helm",
]

BODIES = [
    "Asked for by support: about {count} tickets a month.",
    "Behind a flag for one market first; on for all once the numbers hold.",
    "No change for existing orders. The old path stays until next month.",
    "Measured on staging with a day of traffic; p95 goes from {slow} to {fast} ms.",
    "Follow-up to the review of last week. Reviewed together with <person>.",
    "Spotted while reading the {module} code for something else.",
    "Needed before the {market} launch.",
    "",
    "",
]


def fill(random: Random, pattern: str, area: str, *, is_first: bool = True) -> str:
    """The pattern with each {slot} filled from the lists."""
    text = pattern
    while "{" in text:
        slot = text[text.index("{") + 1 : text.index("}")]
        text = text.replace("{" + slot + "}", _word(random, slot, area), 1)
    return text[:1].upper() + text[1:] if is_first else text


def _word(random: Random, slot: str, area: str) -> str:
    if slot == "module":
        return random.choice(MODULES[area])
    if slot == "file":
        return random.choice(FILES)
    if slot == "library":
        return random.choice(LIBRARIES)
    if slot == "version":
        return f"{random.randint(1, 6)}.{random.randint(0, 24)}"
    if slot == "count":
        return str(random.randint(3, 60))
    if slot in {"step", "steps"}:
        return str(random.randint(1, 3) if slot == "step" else random.randint(4, 6))
    if slot == "slow":
        return str(random.randint(400, 900))
    if slot == "fast":
        return str(random.randint(60, 300))
    return random.choice(FILL[slot])


def title(random: Random, area: str, kind: str | None) -> str:
    patterns = BY_KIND.get(kind or "") or WORK[area]
    return fill(random, random.choice(patterns), area)


# What a title goes on with where another says the same already.
TAILS = [
    "for {market} shoppers",
    "in the {market} shop",
    "behind a flag",
    "for business accounts",
    "in the app",
    "on the support desk",
    "in the nightly run",
    "for imported rows",
    "as the review asked",
    "with the new client",
    "for orders above {count}00 euros",
    "before the {market} launch",
    "without a restart",
    "for the second provider",
    "in batches of {count}0",
    "on staging first",
    "as on the other pages",
    "for returning shoppers",
    "in the partner interface",
    "and measure it",
    "in step {step} of {steps}",
]


class Titles:
    """Titles of one history: said again only where there is nothing left to add."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seen: set[str] = set()

    def draw(self, area: str, kind: str | None) -> str:
        for _ in range(12):
            plain = title(self._random, area, kind)
            if plain in self._seen:
                plain = f"{plain} {fill(self._random, self._random.choice(TAILS), area, is_first=False)}"
            if plain not in self._seen:
                break
        self._seen.add(plain)
        return plain


def ordinary_kind(random: Random, area: str) -> str | None:
    """What hand-written work is about, as often as it is: for its title alone."""
    if random.random() < 0.55:
        return None
    return random.choices(
        ["refactoring", "test-writing", "debugging", "configuration", "migration", "documentation"],
        [24, 20, 28, 24 if area == "platform" else 12, 8, 8],
    )[0]


def paths(random: Random, area: str, kind: str | None, files: int) -> list[str]:
    source, tests, ending = FOLDERS[area]
    found = set()
    for _ in range(files):
        module, file = random.choice(MODULES[area]), random.choice(FILES)
        in_tests = kind == "test-writing" or random.random() < 0.25
        name = f"{tests}/{module}/test_{file}.{ending}" if in_tests else f"{source}/{module}/{file}.{ending}"
        found.add(name)
    return sorted(found)
