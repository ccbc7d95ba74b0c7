"""What a provider of deliveries must know; the providers themselves live with the rows they fill.

A letter is verified, keyed and named before it is stored (`verify`, `key`, `event`: pure, quick, no
database), and handled afterwards, as often as it takes, in the transaction that marks it done (`handle`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qs

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.moments import OUTSIDE, can_be_meant

# PostgreSQL stores neither NUL nor half a surrogate pair, and JSON can spell both, or hold the half as it is.
UNSTORABLE_IN_JSON = re.compile(r"\\u(?:0000|d[89a-f])|[\ud800-\udfff]", re.IGNORECASE)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unverified(Exception):
    """The sender did not prove who it is: 401, nothing stored. The message is a short reason, counted."""


class Unprocessable(Exception):
    """An authentic letter that cannot be understood, now or later: parked with this message for a person."""


class Ignored(Exception):
    """An authentic letter that means nothing here; the message says why."""


class TooLarge(Exception):
    """An authentic letter larger than what is taken, perhaps only once inflated: 413, nothing stored."""


@dataclass(frozen=True)
class Letter:
    """One request as it came. Header names are in lower case; the body is the raw bytes that were signed."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime = field(default_factory=timezone.now)

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def parameter(self, name: str) -> str:
        """From the query of the address, kept as `?name` beside the headers, else from X-Hindcast-Name."""
        return self.headers.get(f"?{name}") or self.header(in_header(name))

    @cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.body).digest()

    @cached_property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object; a form's field `payload` when the sender was set to send a form.

        Raises: Unprocessable for anything else, a cut-off body among it.
        """
        try:
            text = self._json_text()
            found = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Unprocessable(f"The body is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise Unprocessable("The body is JSON, but not an object")
        if UNSTORABLE_IN_JSON.search(text):
            found = _storable(found)
        return found  # type: ignore[no-any-return]

    def _json_text(self) -> str:
        if not self.header("content-type").lower().startswith("application/x-www-form-urlencoded"):
            return self.body.decode(json.detect_encoding(self.body), "surrogatepass")
        return parse_qs(self.body.decode("utf-8", "replace")).get("payload", [""])[0]


def in_header(parameter: str) -> str:
    return f"x-hindcast-{parameter.replace('_', '-')}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


class Provider:
    """One kind of sender. Subclass it with one of the two ways to verify, and list it in INTAKE_SOURCES.

    `key` and `event` must answer for every authentic letter, an unreadable one too: it is stored and parked.
    """

    kind: ClassVar[str]  # stored in Source.kind: never rename
    title: ClassVar[str]
    docs: ClassVar[str] = ""  # where the sender documents its webhooks
    # Kept with the delivery, in lower case; never a signature or a secret.
    headers_kept: ClassVar[frozenset[str]] = frozenset()
    # What a sender may say beside the body: in the query of the address or as header X-Hindcast-Name.
    parameters: ClassVar[frozenset[str]] = frozenset()
    # Keys that `Source.mapping` may have, and what each means.
    mapping_keys: ClassVar[Mapping[str, str]] = {}

    def verify(self, letter: Letter, secrets: Sequence[bytes]) -> None:
        """Raises: Unverified unless one of the secrets made this letter. No secret accepts nothing."""
        raise NotImplementedError

    def key(self, letter: Letter) -> str:
        """What stays the same when the sender sends this letter again; at most 200 characters."""
        raise NotImplementedError

    def digest(self, letter: Letter) -> bytes:
        """SHA-256 of what is told, whatever way it was packed. Raises: TooLarge."""
        return letter.sha256

    def event(self, letter: Letter) -> str:
        """The sender's own name for what happened; shown in the inbox, at most 80 characters."""
        raise NotImplementedError

    def handle(self, delivery: Any, letter: Letter) -> None:
        """Apply it: any order, any repetition, the same rows. `delivery` is an `intake.models.Delivery`.

        Runs in a savepoint. Raises: Unprocessable, Ignored; whatever else escapes is tried again later.
        """
        raise NotImplementedError

    def may_read(self, delivery: Any, letter: Letter, user: Any) -> bool:
        """Whether this admin may read the body: what it tells of may be restricted to people named on it."""
        return True

    def shown(self, letter: Letter) -> str:
        """The body as an admin reads it."""
        try:
            return json.dumps(json.loads(letter.body), indent=2, ensure_ascii=False)
        except ValueError:
            return letter.body.decode("utf-8", "replace")

    def curl(self, url: str) -> str:
        """A command that sends a file to this source, for its page in the admin."""
        raise NotImplementedError

    def kept(self, letter: Letter) -> dict[str, str]:
        names = self.headers_kept | {"content-type", "user-agent"}
        names |= {way for name in self.parameters for way in (f"?{name}", in_header(name))}
        return {name: value[:300] for name, value in letter.headers.items() if name in names}


class SignedBody(Provider):
    """HMAC-SHA256 of the raw body, in hex, in a header: `<prefix><hex>`, several separated by commas."""

    signature_header: ClassVar[str]
    signature_prefix: ClassVar[str] = ""

    def verify(self, letter: Letter, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise Unverified("no secret set")
        given = [part.strip() for part in letter.header(self.signature_header).split(",")]
        prefix = self.signature_prefix
        hexes = [
            part[len(prefix) :].encode("utf-8", "replace")
            for part in given
            if part and part.startswith(prefix)
        ]
        if not hexes:
            raise Unverified("no signature")
        right = [hmac.new(secret, letter.body, hashlib.sha256).hexdigest().encode() for secret in secrets]
        matches = [hmac.compare_digest(one, other.lower()) for one in right for other in hexes]
        if True not in matches:  # every pair was compared: the time tells nothing
            raise Unverified("wrong signature")

    def sign(self, body: bytes, secret: bytes) -> dict[str, str]:
        """The header that proves this body: for tests and benchmarks."""
        digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
        return {self.signature_header: f"{self.signature_prefix}{digest}"}

    def curl(self, url: str) -> str:
        return (
            "SIGNATURE=$(openssl dgst -sha256 -hmac \"$SECRET\" -hex < letter.json | sed 's/.* //')\n"
            f'curl --data-binary @letter.json -H "Content-Type: application/json" \\\n'
            f'  -H "{self.signature_header}: {self.signature_prefix}$SIGNATURE" {url}'
        )


class SharedSecret(Provider):
    """For senders that cannot sign: the secret itself, as bearer token, as basic password or in a header."""

    secret_header: ClassVar[str] = "X-Hindcast-Secret"  # noqa: S105

    def verify(self, letter: Letter, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise Unverified("no secret set")
        given = self._given(letter)
        if not given:
            raise Unverified("no secret sent")
        matches = [hmac.compare_digest(secret, given) for secret in secrets]
        if True not in matches:
            raise Unverified("wrong secret")

    def _given(self, letter: Letter) -> bytes:
        scheme, _, rest = letter.header("Authorization").partition(" ")
        rest = rest.strip()
        if scheme.lower() == "bearer":
            return _as_sent(rest)
        if scheme.lower() == "basic":
            try:
                return b64decode(_as_sent(rest), validate=True).partition(b":")[2]
            except ValueError:
                return b""
        return _as_sent(letter.header(self.secret_header))

    def sign(self, body: bytes, secret: bytes) -> dict[str, str]:
        """The header that proves the sender: for tests and benchmarks."""
        return {"Authorization": f"Bearer {secret.decode()}"}

    def curl(self, url: str) -> str:
        return (
            f'curl --data-binary @letter.json -H "Content-Type: application/json" \\\n'
            f'  -H "Authorization: Bearer $SECRET" {url}'
        )


def _as_sent(header: str) -> bytes:
    """The bytes of a header, which the server has decoded as Latin-1 whatever they were."""
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:  # not from the wire, but from a command line or a test
        return header.encode("utf-8", "replace")


def body_key(letter: Letter) -> str:
    """For letters that carry no identity of their own: the same bytes are the same letter."""
    return f"sha256:{letter.sha256.hex()}"


def providers() -> dict[str, Provider]:
    """Every provider of settings.INTAKE_SOURCES by its kind, in that order."""
    return _providers(tuple(settings.INTAKE_SOURCES))


@cache
def _providers(paths: tuple[str, ...]) -> dict[str, Provider]:
    found = [import_string(path)() for path in paths]
    return {provider.kind: provider for provider in found}


ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
SPLIT_ZONE = re.compile(r"\s+([+-]\d\d:?\d\d)$")
LONG_FRACTION = re.compile(r"(\.\d{6})\d+")


def instant(value: object) -> datetime | None:
    """An instant as senders write them, in UTC; None for what means "not yet": null, empty, year 1.

    ISO 8601 with up to nine digits of a second, `2017-12-10 17:01:11 UTC`, `… +0200`, Unix seconds.
    Without a zone it is taken as UTC. Raises: Unprocessable.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unprocessable(f"{value!r} is not a time")
    try:
        if not isinstance(value, str):
            found = datetime.fromtimestamp(value, UTC)
        else:
            text = SPLIT_ZONE.sub(r"\1", ZONE_NAME.sub("+00:00", value.strip()))
            found = datetime.fromisoformat(LONG_FRACTION.sub(r"\1", text))
    except (ValueError, OverflowError, OSError) as error:
        raise Unprocessable(f"{value!r} is not a time") from error
    if found.year <= 1 or found.year >= 9999:  # Go's zero time; converting it to a zone would overflow
        return None
    at = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    if not can_be_meant(at):
        raise Unprocessable(f"{value!r}: {OUTSIDE}")
    return at
