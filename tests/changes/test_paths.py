"""What class of file a path is: the habits of many, and a repository's own rules before them."""

from __future__ import annotations

import pytest

from changes.facts import FileFact
from changes.paths import PathClasses, counted_lines, path_class, size_band, suggested_kind

HABITS = {
    "lock": [
        "uv.lock",
        "web/pnpm-lock.yaml",
        "go.sum",
        ".github/workflows/review.lock.yml",
        ".terraform.lock.hcl",
        "requirements/pip.txt",
        "requirements-dev.txt",
        "Gemfile.lock",
    ],
    "generated": [
        "app/locale/de/LC_MESSAGES/django.po",
        "src/locale/messages.nl_NL.xlf",
        "static/jquery-min.js",
        "tests/cassettes/test_a.yaml",
        "web/vendor/lib.js",
        "api/thing_pb2.py",
        "ui/__snapshots__/a.snap",
        "web/locales/fr.json",
        "assets/logo.svg",
        "client/bower_components/x/y.js",
    ],
    "tests": [
        "tests/test_pay.py",
        "shop/tests.py",
        "readthedocs/rtd_tests/utils.py",
        "pay_test.go",
        "web/src/Pay.test.tsx",
        "src/test/java/com/acme/PayTest.java",
        "testdata/one.json",
        "spec/pay_spec.rb",
    ],
    "migrations": ["shop/migrations/0001_first.py", "prisma/migrations/20240101_first/migration.sql"],
    "docs": ["docs/guide/pay.txt", "README.md", "Documentation/faq/pay.inc", "CHANGELOG.txt"],
    "config": [
        "package.json",
        "web/tsconfig.build.json",
        "Dockerfile",
        ".github/workflows/ci.yml",
        "setup.py",
        "lib/automake.mk",
        "charts/shop/values.yaml",
        "pyproject.toml",
        "go.mod",
    ],
    "source": [
        "shop/pay.py",
        "web/src/features/charts/Bar.tsx",
        "lib/contest.c",
        "web/locales/index.ts",
        "src/latest.py",
        "shop/protests/views.py",
    ],
}


@pytest.mark.parametrize(
    ("path", "named"), [(path, name) for name, paths in HABITS.items() for path in paths]
)
def test_habit_of_many_repositories_is_known(path: str, named: str) -> None:
    assert path_class(path) == named


def test_own_rule_comes_first_and_the_first_of_them_wins() -> None:
    classes = PathClasses((("vendor/ours/**", "source"), ("vendor/**", "docs"), ("*.sql", "generated")))
    assert classes.of("vendor/ours/a.py") == "source"
    assert classes.of("vendor/theirs/a.py") == "docs"
    assert classes.of("db/deep/dump.sql") == "generated"
    assert classes.of("shop/pay.py") == "source"


def test_catalogues_in_english_are_written_by_hand() -> None:
    assert path_class("config/locales/en.yml") == "config"
    assert path_class("config/locales/de.yml") == "generated"


def test_size_leaves_out_what_nobody_wrote() -> None:
    files = [FileFact("shop/pay.py", 10, 2), FileFact("uv.lock", 900, 900), FileFact("bundle/all.js", 400, 0)]
    assert counted_lines(files) == 412
    assert counted_lines(files, PathClasses((("bundle/**", "generated"),))) == 12


def test_size_is_none_when_no_lines_were_told_and_zero_when_none_counts() -> None:
    assert counted_lines([FileFact("shop/pay.py")]) is None
    assert counted_lines([FileFact("uv.lock", 5, 5)]) == 0
    assert (size_band(None), size_band(0)) == ("unknown", "small")


def test_binary_file_has_no_lines_and_blanks_none() -> None:
    assert counted_lines([FileFact("shop/pay.py", 3, 1), FileFact("photo.png", None, None)]) == 4


def test_kind_is_suggested_when_one_class_is_all_there_is() -> None:
    assert suggested_kind(["tests/test_a.py", "tests/cassettes/a.yaml"]) == (
        "test-writing",
        "All its files are tests.",
    )
    assert suggested_kind(["tests/test_a.py", "shop/pay.py"]) is None
    assert suggested_kind(["tests/cassettes/a.yaml"]) is None
    assert suggested_kind(["handbook/a.txt"], PathClasses((("handbook/**", "docs"),))) == (
        "documentation",
        "All its files are documentation.",
    )
