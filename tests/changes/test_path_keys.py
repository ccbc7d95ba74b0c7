"""Keys by which an index finds the changes that touch a glob: never fewer than match, if exact no more."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from changes.path_keys import GlobKeys, glob_keys, keys_of_any
from changes.paths import matches

SEGMENTS = ("a", "b", "ab", "a.py", "b.py", ".py", "x.d.ts", "a.b", ".git", "Makefile", "docs", "é", "a.")
PIECES = (*SEGMENTS, "*", "**", "?", "*.py", "*.d.ts", "*.ts", "a*", "*b", "?.py", "a.*", "*.", "**.py")


def keys_of(paths: list[str]) -> list[set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT changes_path_keys(ARRAY[path]) FROM"
            " unnest(%s::text[]) WITH ORDINALITY AS one (path, place) ORDER BY place",
            [paths],
        )
        return [set(keys) for (keys,) in cursor.fetchall()]


@pytest.mark.django_db
def test_keys_of_a_path_are_its_folders_and_its_sort_of_file() -> None:
    assert keys_of(["web/pay/card.py"]) == [
        {"web/", "web/pay/", "**/web/", "**/pay/", "web/pay/*.py", "*.py"},
    ]
    assert keys_of(["web/Makefile", ""])[0] == {"web/", "**/web/", "web/Makefile", "**/Makefile"}


@pytest.mark.django_db
def test_keys_of_several_paths_are_those_of_each() -> None:
    paths = ["a/x.py", "a/y.py", "b/c/z.sql", "README"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_path_keys(%s::text[]), changes_path_keys('{}')", [paths])
        together, none = cursor.fetchone() or ([], [])
    assert set(together) == set().union(*keys_of(paths))
    assert none == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.django_db
def test_keys_of_a_glob_find_what_it_matches(seed: int) -> None:
    dice = random.Random(seed)
    drawn = {"/".join(dice.choices(SEGMENTS, k=dice.randint(1, 4))) for _ in range(300)}
    paths = sorted(drawn)
    keys = keys_of(paths)
    for _ in range(300):
        glob = "/".join(dice.choices(PIECES, k=dice.randint(1, 4)))
        glob = dice.choice(["", "", "", "/"]) + glob + dice.choice(["", "", "", "/"])
        found = glob_keys(glob)
        if found is None:
            continue
        for path, mine in zip(paths, keys, strict=True):
            has, meant = not mine.isdisjoint(found.keys), matches(path, glob)
            assert has or not meant, (glob, path)
            assert has == meant or not found.exact, (glob, path)


@pytest.mark.parametrize(
    ("glob", "keys"),
    [
        ("payments/**", GlobKeys(("payments/",), exact=True)),
        ("/web/pay/", GlobKeys(("web/pay/",), exact=True)),
        ("web/*.py", GlobKeys(("web/*.py",), exact=True)),
        ("*.sql", GlobKeys(("*.sql",), exact=True)),
        ("**/migrations/**", GlobKeys(("**/migrations/",), exact=True)),
        ("docs", GlobKeys(("**/docs", "**/docs/"), exact=True)),
        ("web/pay", GlobKeys(("web/pay", "web/pay/"), exact=True)),
        ("web/pay/card.py", GlobKeys(("web/pay/*.py",), exact=False)),
        ("web/**/*.py", GlobKeys(("web/",), exact=False)),
        ("*", None),
        ("w?b/*", None),
    ],
)
def test_usual_globs_are_found_by_a_key(glob: str, keys: GlobKeys | None) -> None:
    assert glob_keys(glob) == keys


def test_several_globs_are_narrowed_when_each_is() -> None:
    assert keys_of_any(["a/**", "*.sql"]) == GlobKeys(("*.sql", "a/"), exact=True)
    assert keys_of_any(["a/**", "b/?.py"]) == GlobKeys(("a/", "b/*.py"), exact=False)
    assert keys_of_any(["a/**", "**"]) is None
    assert keys_of_any([]) is None
