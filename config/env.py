"""The environment, read once: typed, with `NAME_FILE` for secrets and a clear stop on nonsense."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names, or the default."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no")


def integer(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def one_of(name: str, default: str, choices: Sequence[str]) -> str:
    """One of a few words, in any case."""
    value = text(name, default).strip().lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(choices)}")
    return value


def rate(name: str, default: str) -> str:
    """So many in a while, as `1200/min`."""
    value = text(name, default).strip().lower()
    if not re.fullmatch(r"[1-9][0-9]*/(s|sec|m|min|h|hour|d|day)", value):
        raise ImproperlyConfigured(f"{name}={value!r} is no rate such as {default}")
    return value


def data_dir() -> Path:
    """Where everything that must survive a restart lies (`DATA_DIR`, else `var/` beside the code)."""
    return Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve()


def secret(name: str, file_name: str) -> str:
    """A secret from the environment, else from a file of mode 0600 that is made on first use."""
    value = text(name)
    if value:
        return value
    path = data_dir() / file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
    return value


def database(url: str) -> dict[str, object]:
    """Django's database settings for a PostgreSQL address; another engine is refused by name."""
    settings: dict[str, object] = dict(environ.Env.db_url_config(url))
    if settings.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgres://…)")
    settings["HOST"] = unquote(str(settings["HOST"]))  # a socket's folder stands there percent-encoded
    return settings
