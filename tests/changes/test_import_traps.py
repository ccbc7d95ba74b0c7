"""Clones that are not as one would wish: cut, bent, half there, in odd letters and at odd times."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError

from changes.gitlog import Clone
from changes.models import Change, Deployment, Repository
from tests.changes.clones import Repo, picture, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "till")
    for number in range(1, 5):
        made.commit(f"Part {number}", lines=number)
    return made


def titles() -> list[str]:
    return list(Change.objects.current().order_by("merged_at", "pk").values_list("title", flat=True))


def cloned(repo: Repo, to: Path, *arguments: str) -> Path:
    command = ["git", "clone", "-q", *arguments, f"file://{repo.path}", str(to)]
    subprocess.run(command, check=True, capture_output=True)
    return to


def fast_import(path: Path, *commits: bytes) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=b"".join(commits), check=True)
    return path


def plain(
    message: bytes, when: str = "1700000000 +0000", *, path: bytes = b"a.txt", head: bytes = b""
) -> bytes:
    who = f"Ada Example <ada@example.org> {when}".encode()
    return b"".join([
        b"commit refs/heads/main\nauthor " + who + b"\ncommitter " + who + b"\n" + head,
        b"data %d\n" % len(message) + message + b"\n",
        b"M 100644 inline " + path + b"\ndata %d\n" % len(message) + message + b"\n",
    ])  # fmt: skip


def test_a_shallow_clone_says_what_it_lacks_and_gives_it_no_size(repo: Repo, tmp_path: Path) -> None:
    shallow = cloned(repo, tmp_path / "shallow", "--depth=2")
    said = run(shallow)
    assert "shallow: 1 of its commits lack their parents" in said
    found = {one.title: (one.size_band, one.additions) for one in Change.objects.all()}
    assert found == {"Part 3": ("unknown", None), "Part 4": ("small", 4)}


def test_the_rest_is_read_when_a_shallow_clone_was_completed(repo: Repo, tmp_path: Path) -> None:
    shallow = cloned(repo, tmp_path / "shallow", "--depth=2")
    run(shallow)
    subprocess.run(["git", "-C", str(shallow), "fetch", "-q", "--unshallow"], check=True)
    assert "4 commits read" in run(shallow)
    sizes = dict(Change.objects.values_list("title", "additions"))
    assert sizes == {"Part 1": 1, "Part 2": 2, "Part 3": 3, "Part 4": 4}
    assert "0 commits read" in run(shallow)


def test_a_partial_clone_is_refused_with_the_reason(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = cloned(repo, tmp_path / "partial", "--bare", "--filter=blob:none")
    with pytest.raises(CommandError, match="partial clone"):
        run(partial)
    assert not Change.objects.exists()


def test_a_graft_or_a_replacement_hides_nothing(repo: Repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.git("replace", repo.git("rev-parse", "HEAD~1"), repo.git("rev-parse", "HEAD~3"))
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "grafts").write_text(f"{head}\n")
    run(repo.path)
    assert titles() == ["Part 1", "Part 2", "Part 3", "Part 4"]


def test_a_repository_without_commits_is_refused(tmp_path: Path) -> None:
    made = Repo(tmp_path / "new")
    with pytest.raises(CommandError, match="no commits yet"):
        run(made.path)
    assert not Repository.objects.exists()


def test_the_landed_line_is_read_when_something_else_is_checked_out(repo: Repo, tmp_path: Path) -> None:
    work = cloned(repo, tmp_path / "work")
    topic = ["git", "-C", str(work), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*topic, "switch", "-q", "-c", "topic"], check=True)
    subprocess.run([*topic, "commit", "-q", "--allow-empty", "-m", "Not landed"], check=True)
    assert "topic is checked out; what landed on origin's main is read" in run(work)
    assert titles() == ["Part 1", "Part 2", "Part 3", "Part 4"]
    assert Repository.objects.get().default_branch == "main"
    subprocess.run([*topic, "checkout", "-q", "--detach", "HEAD~2"], check=True)
    assert "a commit without a branch is checked out" in run(work)
    assert len(titles()) == 4


def test_a_commit_without_a_branch_is_read_and_said_when_nothing_else_is_known(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach", "HEAD~1")
    assert "HEAD names no branch" in run(repo.path)
    assert titles() == ["Part 1", "Part 2", "Part 3"]


def test_a_branch_can_be_named(repo: Repo) -> None:
    repo.git("branch", "release", "HEAD~2")
    run(repo.path, branch="release")
    assert titles() == ["Part 1", "Part 2"]
    with pytest.raises(CommandError, match="no branch nowhere"):
        run(repo.path, branch="nowhere")


def test_a_work_tree_and_a_folder_inside_are_the_same_repository(repo: Repo, tmp_path: Path) -> None:
    repo.commit("In a folder", "lib/a.py")
    run(repo.path)
    repo.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "elsewhere"))
    assert "0 commits read" in run(tmp_path / "elsewhere")
    assert "0 commits read" in run(repo.path / "lib")
    assert Repository.objects.get().name == "till"


def test_clones_of_one_folder_name_stay_apart_when_no_address_tells_them(tmp_path: Path) -> None:
    for owner in ("shop", "mail"):
        (tmp_path / owner).mkdir()
        Repo(tmp_path / owner / "repo").commit(f"Begin {owner}")
        run(tmp_path / owner / "repo")
    first, second = Repository.objects.order_by("id")
    assert (first.name, second.name) == ("repo", "mail/repo")
    assert [one.changes.count() for one in (first, second)] == [1, 1]
    (tmp_path / "shop").rename(tmp_path / "moved")
    run(tmp_path / "moved" / "repo")
    assert Repository.objects.count() == 2


def test_a_clone_that_cannot_be_read_gives_its_repository_to_no_other(tmp_path: Path) -> None:
    for owner in ("shop", "mail"):
        (tmp_path / owner).mkdir()
    damaged = Repo(tmp_path / "shop" / "repo")
    damaged.commit("Begin shop")
    blob = damaged.git("rev-parse", "HEAD:app.py")
    (damaged.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(CommandError, match=blob) as failed:
        run(damaged.path)
    assert "hint" not in str(failed.value)
    Repo(tmp_path / "mail" / "repo").commit("Begin mail")
    run(tmp_path / "mail" / "repo")
    first, second = Repository.objects.order_by("id")
    assert (first.name, first.changes.count()) == ("repo", 0)
    assert (second.name, second.changes.count()) == ("mail/repo", 1)


def test_letters_of_another_alphabet_are_kept_or_replaced(tmp_path: Path) -> None:
    latin = plain("Größe".encode("latin-1"), head=b"encoding ISO-8859-1\n", path=b"caf\xe9.txt")
    path = fast_import(tmp_path / "odd.git", latin, plain(b"Not \xff\xfe UTF-8"))
    subprocess.run(["git", "-C", str(path), "config", "i18n.logOutputEncoding", "latin1"], check=True)
    run(path)
    assert set(titles()) == {"Größe", "Not �� UTF-8"}
    assert Change.objects.get(title="Größe").paths == ["caf�.txt"]


def test_a_very_long_message_is_cut(tmp_path: Path) -> None:
    run(fast_import(tmp_path / "long.git", plain(b"Long\n\n" + b"word " * 220_000)))
    assert 60_000 < len(Change.objects.get(title="Long").message) <= 64 * 1024


def test_odd_times_are_kept_as_far_as_there_is_a_calendar(tmp_path: Path) -> None:
    when = {"Start": 0, "One": 1_700_000_000, "Same": 1_700_000_000, "Early": 1_000_000_000,
            "Future": 4_000_000_000, "Never": 900_000_000_000}  # fmt: skip
    path = fast_import(
        tmp_path / "times.git", *(plain(name.encode(), f"{at} +0000") for name, at in when.items())
    )
    assert "6 of 6 commits" in run(path)
    found = dict(Change.objects.values_list("title", "merged_at"))
    assert found["Start"] == datetime(1970, 1, 1, tzinfo=UTC)
    assert found["Same"] == found["One"]
    assert found["Never"] == datetime(9999, 1, 1, tzinfo=UTC)
    assert "0 commits read" in run(path)


def test_an_early_clock_does_not_end_what_since_asks_for(tmp_path: Path) -> None:
    times = {"Old": 1_500_000_000, "New": 1_700_000_000, "Wrong clock": 86_400, "Newer": 1_700_100_000}
    path = fast_import(
        tmp_path / "times.git", *(plain(name.encode(), f"{at} +0000") for name, at in times.items())
    )
    run(path, since="2020-01-01")
    assert titles() == ["New", "Newer"]


def test_binary_files_submodules_and_renames_have_their_paths(repo: Repo) -> None:
    (repo.path / "logo.png").write_bytes(b"\x89PNG\x00\x01")
    head = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},vendored")
    repo.git("mv", "app.py", "lib.py")
    repo.git("add", "logo.png")
    repo.git("commit", "-q", "-m", "All at once")
    run(repo.path)
    one = Change.objects.get(title="All at once")
    assert sorted(one.paths) == ["lib.py", "logo.png", "vendored"]
    assert (one.additions, one.deletions, one.files_changed) == (1, 0, 3)


def test_a_merge_of_three_branches_holds_the_commits_of_all(repo: Repo) -> None:
    for name in ("one", "two", "three"):
        repo.git("switch", "-q", "-c", name, "main")
        repo.commit(f"Work on {name}", f"{name}.py")
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branches", "one", "two", "three")
    run(repo.path)
    merge = Change.objects.get(title="Merge branches")
    assert (merge.commits, merge.files_changed, merge.additions) == (3, 3, 3)
    assert len(titles()) == 5


def test_what_a_clone_configures_alters_no_size(repo: Repo, tmp_path: Path) -> None:
    bare = cloned(repo, tmp_path / "till.git", "--bare")
    run(bare)
    expected = picture()
    Change.objects.all().delete()
    Repository.objects.update(imported_to="")
    for key, value in {
        "log.showRoot": "false",
        "log.diffMerges": "off",
        "log.follow": "true",
        "diff.renames": "false",
        "diff.orderFile": str(tmp_path / "no-such-file"),
        "diff.relative": "true",
        "diff.algorithm": "patience",
        "i18n.logOutputEncoding": "utf-16",
        "notes.displayRef": "refs/notes/*",
        "format.pretty": "oneline",
        "core.bigFileThreshold": "1",
    }.items():
        subprocess.run(["git", "-C", str(bare), "config", key, value], check=True)
    run(bare)
    assert picture() == expected


def test_a_tag_may_have_any_name(repo: Repo) -> None:
    repo.git("tag", "v1\u2028\x85é")
    assert [one.name for one in Clone(repo.path).tags()] == ["v1\u2028\x85é"]
    run(repo.path, tags_as_releases=True)
    assert Deployment.objects.get().ref == "v1\u2028\x85é"
