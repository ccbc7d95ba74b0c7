"""Reads on the way of a letter."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Exists, Q, QuerySet
from django.urls import reverse

from intake.models import Setup, Source
from intake.sealing import unseal
from intake.sources import Provider, providers


@dataclass(frozen=True)
class Door:
    """What receiving needs of a source: asked for once in a few seconds, not once a letter."""

    source_id: int
    kind: str
    secrets: tuple[bytes, ...]

    @property
    def provider(self) -> Provider:
        return providers()[self.kind]


_known: dict[str, tuple[float, Door]] = {}


def door(slug: str) -> Door | None:
    """The active source of this slug. Raises: KeyError for an unknown kind, Unsealable."""
    now = time.monotonic()
    until, found = _known.get(slug, (0.0, None))
    if found is not None and now < until:
        return found
    source = Source.objects.filter(slug=slug, is_active=True).first()
    if source is None:
        _known.pop(slug, None)
        return None
    providers()[source.kind]
    found = Door(source.pk, source.kind, secrets_of(source))
    _known[slug] = (now + settings.INTAKE_DOOR_SECONDS, found)
    return found


def secrets_of(source: Source) -> tuple[bytes, ...]:
    sealed = (source.secret_sealed, source.second_secret_sealed)
    return tuple(unseal(one) for one in sealed if one)


def address_of(source: Source) -> str:
    return settings.SITE_URL + reverse("intake:receive", args=[source.slug])


def forget_doors() -> None:
    """After a source changed; other processes notice within INTAKE_DOOR_SECONDS."""
    _known.clear()


Rows = TypeVar("Rows", bound="QuerySet[Any]")


def in_view(rows: Rows, is_demo: str = "is_demo") -> Rows:
    """Rows for a list: demonstration data steps aside at the first real delivery or import.

    `is_demo` names the field, or the way to it, that marks demonstration rows.
    """
    real = Setup.objects.filter(first_real_fact_at__isnull=False)
    return rows.filter(Q(**{is_demo: False}) | ~Exists(real))
