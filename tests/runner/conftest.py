from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner import postgres
from tests.seed import Seed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Open to every account on the way, as a checkout outside root's home is."""
    folder = Path(tempfile.mkdtemp(prefix="hindcast-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def database_url(server: postgres.Server | None, django_db_setup: None) -> str:
    """A migrated database of its own, for processes that are started by a test."""
    if server is None:
        pytest.skip("TEST_DATABASE_URL is set: tests that start processes bring a server of their own")
    name = f"own_{uuid.uuid4().hex[:12]}"
    Seed(server.place).sow(name)
    return server.place.url(name)


@pytest.fixture
def environment(data_dir: Path) -> Callable[..., dict[str, str]]:
    """The surroundings of a process outside the tests' settings."""

    def make(**over: str) -> dict[str, str]:
        dropped = {"DATABASE_URL", "TEST_DATABASE_URL", "CELERY_BROKER_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.base", "DATA_DIR": str(data_dir)}
        return {**kept, **settings, "PYTHONPATH": str(ROOT), **over}

    return make
