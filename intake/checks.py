"""What must hold before anything is received: each named provider is there and has a kind of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from intake.sources import Provider


@register()
def every_provider_is_there(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    kinds: dict[str, str] = {}
    for path in settings.INTAKE_SOURCES:
        try:
            provider = import_string(path)
        except ImportError as error:
            found.append(Error(f"INTAKE_SOURCES names {path}: {error}", id="intake.E001"))
            continue
        found += _faults(path, provider, kinds)
    return found


def _faults(path: str, provider: Any, kinds: dict[str, str]) -> list[CheckMessage]:
    if not (isinstance(provider, type) and issubclass(provider, Provider)):
        return [Error(f"{path} is no subclass of intake.sources.Provider", id="intake.E002")]
    if not getattr(provider, "kind", "") or not getattr(provider, "title", ""):
        return [Error(f"{path} has no kind or no title", id="intake.E003")]
    if provider.kind in kinds:
        both = f"{kinds[provider.kind]} and {path}"
        return [Error(f"{both} share the kind {provider.kind!r}", id="intake.E004")]
    kinds[provider.kind] = path
    return []
