"""Finding the one row of a repository, whatever it is called today, and the service it is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import Q
from django.utils.text import slugify

from changes.facts import RepositoryFact
from changes.models import Repository, Service
from intake import ledger

SCP_ADDRESS = re.compile(r"^(?:[\w.+-]+@)?(?P<host>[\w.-]+):(?P<path>(?!//)\S+)$")
MAKING = 0x48_49_4E_50  # one makes repositories at a time: two that tell of a new one tell of the same
PLAIN_ADDRESS = re.compile(r"^[\w-]+(?:\.[\w-]+)+(?::\d+)?/[^/\s]+/\S+$")


def normalised_address(address: str) -> str:
    """`host/owner/name` in lower case for any spelling of a clone address; empty for what is none."""
    text = address.strip()
    if "://" in text:
        try:
            parts = urlsplit(text)
        except ValueError:  # such as "http://[": of no host
            return ""
        if parts.scheme == "file" or not parts.hostname:
            return ""
        host, path = parts.hostname, parts.path
    elif match := SCP_ADDRESS.match(text):
        host, path = match["host"], match["path"]
    elif PLAIN_ADDRESS.match(text):
        host, _, path = text.partition("/")
    else:
        return ""
    path = path.strip("/").removesuffix(".git").rstrip("/")
    return f"{host}/{path}".lower()[:300] if path else ""


@transaction.atomic
def find_or_make_repository(
    *, fact: RepositoryFact, merged_is_shipped: bool = False, with_service: bool = True, is_demo: bool = False
) -> Repository:
    """By forge id, else by normalised address, else by name where neither is known; past names are kept."""
    address = normalised_address(fact.origin_address)
    found = _find(fact, address)
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING])
        found = _find(fact, address)  # somebody else may have made it meanwhile
    if found is None:
        found = Repository.objects.create(
            host=fact.host,
            forge_id=fact.forge_id,
            name=fact.name[:200],
            origin_address=address,
            default_branch=fact.default_branch or "main",
            merged_is_shipped=merged_is_shipped,
            is_demo=is_demo,
        )
        ledger.touch(ledger.Kind.REPOSITORY, found.pk, verb="made", repository_id=found.pk)
    else:
        _refresh(found, fact, address)
    if with_service and not found.services.exists():
        make_service(repository=found, name=found.name.rsplit("/", 1)[-1])
    return found


def _find(fact: RepositoryFact, address: str) -> Repository | None:
    rows = Repository.objects.select_for_update(no_key=True)
    if fact.forge_id:
        by_id = rows.filter(host=fact.host, forge_id=fact.forge_id).first()
        if by_id:
            return by_id
    if address:
        # Another forge id at the same address is another repository that took over the name.
        taken = rows.filter(origin_address=address).first()
        if taken and fact.forge_id and taken.forge_id not in {"", fact.forge_id}:
            taken.origin_address = ""
            taken.save(update_fields=["origin_address"])
            return None
        return taken
    if not fact.forge_id:
        nameless = Q(origin_address="", forge_id="", host=fact.host)
        return rows.filter(nameless, name=fact.name).first()
    return None


def _refresh(found: Repository, fact: RepositoryFact, address: str) -> None:
    before = (found.host, found.forge_id, found.name, found.origin_address, found.default_branch)
    found.host = found.host or fact.host
    found.forge_id = found.forge_id or fact.forge_id
    found.default_branch = fact.default_branch or found.default_branch
    if fact.name and fact.name != found.name and fact.forge_id:
        found.past_names = list(dict.fromkeys([*found.past_names, found.name]))
        found.name = fact.name[:200]
    if address and address != found.origin_address:
        holder = Repository.objects.filter(origin_address=address).exclude(pk=found.pk)
        holder.update(origin_address="")
        found.origin_address = address
    if before != (found.host, found.forge_id, found.name, found.origin_address, found.default_branch):
        found.save()
        ledger.touch(ledger.Kind.REPOSITORY, found.pk, verb="updated", repository_id=found.pk)


@transaction.atomic
def give_address(*, repository: Repository, address: str) -> None:
    """To one that was known by its folder alone."""
    _refresh(repository, RepositoryFact(name=repository.name), normalised_address(address))


@transaction.atomic
def make_service(*, repository: Repository | None, name: str, path_globs: list[str] | None = None) -> Service:
    base = slugify(name)[:110] or "service"
    slug, number = base, 1
    while Service.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    service = Service.objects.create(
        name=name[:120],
        slug=slug,
        repository=repository,
        path_globs=path_globs or [],
        is_demo=bool(repository and repository.is_demo),
    )
    ledger.touch(
        ledger.Kind.SERVICE, service.pk, verb="made", repository_id=repository.pk if repository else None
    )
    return service


@transaction.atomic
def find_or_make_service(*, repository: Repository, name: str) -> Service:
    """The repository's service of that name, slug or alias; made when there is none."""
    wanted = name.strip()
    rows = Service.objects.filter(Q(repository=repository) | Q(repository=None, is_demo=repository.is_demo))
    by_name = Q(name__iexact=wanted) | Q(slug=wanted.lower()) | Q(aliases__contains=[wanted])
    found = rows.filter(by_name).order_by("repository_id", "id").first()
    return found or make_service(repository=repository, name=wanted)
