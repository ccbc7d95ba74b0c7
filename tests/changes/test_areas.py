"""Which areas a repository's folders suggest: on small histories that each have one habit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changes.areas import MOST, suggested_areas, suggested_services, top_folder
from changes.paths import PathClasses, matches


def history(*files: Sequence[str], times: int = 4) -> list[Mapping[str, int]]:
    return [dict.fromkeys(paths, 10) for paths in files for _ in range(times)]


def globs(changes: Sequence[Mapping[str, int]], **more: object) -> list[str]:
    return [one.glob for one in suggested_areas(changes, **more)]  # type: ignore[arg-type]


def test_top_folders_are_suggested_when_they_split_the_work() -> None:
    found = suggested_areas(history(["billing/pay.py"], ["billing/due.py"], ["search/index.py"]))
    assert [(one.glob, one.name, one.changes, one.lines) for one in found] == [
        ("billing/**", "Billing", 8, 80),
        ("search/**", "Search", 4, 40),
    ]


def test_folders_that_only_hold_others_are_looked_into() -> None:
    for holder in ("src", "lib", "src/main/java/com/acme", "apps"):
        found = globs(history([f"{holder}/billing/a.py"], [f"{holder}/search/b.py"]))
        assert found == [f"{holder}/billing/**", f"{holder}/search/**"], holder


def test_package_of_the_repository_is_looked_into_and_its_own_files_stand_for_the_rest() -> None:
    changes = history(["my_shop/billing/a.py"], ["my_shop/search/b.py"], ["my_shop/urls.py"], ["web/x.ts"])
    assert set(globs(changes, name="acme/my-shop")) == {
        "my_shop/**", "my_shop/billing/**", "my_shop/search/**", "web/**",
    }  # fmt: skip


def test_tests_and_templates_go_with_the_area_they_repeat() -> None:
    changes = history(
        ["billing/pay.py", "tests/billing/test_pay.py", "templates/billing/pay.html"], ["search/i.py"]
    )
    billing = suggested_areas(changes)[0]
    assert billing.also == ("templates/billing/**", "tests/billing/**")
    assert matches("tests/billing/test_pay.py", billing.also[1])


def test_tests_alone_make_no_area() -> None:
    assert globs(history(["tests/unit/test_a.py"], ["billing/pay.py"])) == ["billing/**"]


def test_documentation_stands_apart_and_last() -> None:
    found = suggested_areas(history(["docs/guide.md"], ["docs/more.md"], ["billing/pay.py"]))
    assert [(one.glob, one.is_apart) for one in found] == [("billing/**", False), ("docs/**", True)]


def test_what_nobody_wrote_and_hidden_folders_suggest_nothing() -> None:
    changes = history(["vendor/x/a.js"], [".github/workflows/ci.yml"], ["locale/de/LC_MESSAGES/django.po"])
    assert globs(changes) == []


def test_repository_s_own_path_classes_are_heard() -> None:
    changes = history(["billing/pay.py"], ["bundle/all.js"])
    classes = PathClasses((("bundle/**", "generated"),))
    assert globs(changes, classes=classes) == ["billing/**"]


def test_same_name_twice_tells_where_it_lies() -> None:
    found = suggested_areas(history(["packages/ui/a.ts"], ["apps/ui/b.ts"]))
    assert {one.name for one in found} == {"Ui (packages)", "Ui (apps)"}


def test_list_is_short_and_leaves_out_what_hardly_anything_touches() -> None:
    assert len(globs(history(*([f"area{n}/a.py"] for n in range(30))))) == MOST
    assert globs([{"rare/a.py": 1}, *history(["billing/pay.py"])]) == ["billing/**"]


def test_nothing_is_suggested_when_nothing_is_known() -> None:
    assert suggested_areas([]) == []
    assert suggested_areas([{"README": 3, "main.py": 9}] * 9) == []


def test_services_of_a_monorepo_are_its_inner_packages() -> None:
    changes = [["services/pay/a.go"]] * 3 + [["packages/ui/b.ts", "services/pay/c.go"]] * 4
    assert [(one.glob, one.changes) for one in suggested_services(changes)] == [
        ("services/pay/**", 7),
        ("packages/ui/**", 4),
    ]
    assert suggested_services([["src/pay/a.go"]] * 9) == []


def test_work_is_grouped_by_top_folder_until_there_are_rules() -> None:
    assert [top_folder(path) for path in ("shop/pay/a.py", "a.py")] == ["shop", ""]
