"""Front-end packages, file by file: only what the pages load is served, under `vendor/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core import checks
from django.core.files.storage import FileSystemStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

INTER_SUBSETS = ("cyrillic-ext", "cyrillic", "greek-ext", "greek", "vietnamese", "latin-ext", "latin")

# Served name -> file below node_modules. The map stands here because the manifest storage
# follows the style sheet's own reference to it.
PACKAGE_FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.css.map": "@tabler/core/dist/css/tabler.min.css.map",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/inter/wght.css": "@fontsource-variable/inter/wght.css",
} | {
    f"vendor/inter/files/inter-{subset}-wght-normal.woff2": (
        f"@fontsource-variable/inter/files/inter-{subset}-wght-normal.woff2"
    )
    for subset in INTER_SUBSETS
}


class PackageStorage(FileSystemStorage):
    """Opens a served name at its place below node_modules."""

    prefix = ""

    def path(self, name: str) -> str:
        return str(Path(self.location) / PACKAGE_FILES[Path(name).as_posix()])


class PackageFinder(BaseFinder):
    def __init__(self, app_names: list[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.storage = PackageStorage(location=settings.BASE_DIR / "node_modules")
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        missing = [name for name in PACKAGE_FILES if not self.storage.exists(name)]
        if not missing:
            return []
        return [
            checks.Warning(
                f"{len(missing)} front-end files are not installed, {missing[0]} among them.",
                hint="Run `npm ci --omit=dev --ignore-scripts`.",
                id="design.W001",
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in PACKAGE_FILES or not self.storage.exists(path):
            return []
        return [self.storage.path(path)] if find_all else self.storage.path(path)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, PackageStorage]]:
        for name in PACKAGE_FILES:
            yield name, self.storage
