"""Test results as JUnit XML, posted by CI: one request a file, what it is about beside it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from changes.ci import junit_xml
from changes.facts import RepositoryFact, TestRunFact
from changes.services.test_runs import record_test_run, repository_of_report
from intake.models import Delivery
from intake.packing import inflated, pieces
from intake.sources import Letter, SharedSecret, TooLarge, Unprocessable, instant

SHA = re.compile(r"[0-9a-f]{7,64}")
SHOWN = 4  # pieces of 64 kB, to an admin


class JUnit(SharedSecret):
    kind = "junit"
    title = "Test results as JUnit XML"
    headers_kept = frozenset({"content-encoding"})
    parameters = frozenset(
        {"repository", "default_branch", "sha", "branch", "run", "suite", "file", "url", "ran_at"}
    )
    mapping_keys = {
        "repository": "Address or name of the repository, for senders that do not say it.",
        "default_branch": "Its default branch, for senders that do not say it.",
    }

    def key(self, letter: Letter) -> str:
        """The same file of the same suite and run is the same letter, however it was packed."""
        return f"{letter.parameter('repository')}|{run_key(letter, self.digest)}"

    def event(self, letter: Letter) -> str:
        return letter.parameter("suite") or "test run"

    def digest(self, letter: Letter) -> bytes:
        if not is_packed(letter):
            return letter.sha256
        found = hashlib.sha256()
        try:
            for piece in unpacked(letter):
                found.update(piece)
        except Unprocessable:  # kept as it came, and parked with the reason when it is read
            return letter.sha256
        return found.digest()

    def handle(self, delivery: Delivery, letter: Letter) -> None:
        try:
            self._record(delivery, letter)
        except TooLarge as error:  # it was let in when more was allowed
            raise Unprocessable(str(error)) from error

    def _record(self, delivery: Delivery, letter: Letter) -> None:
        fact, place = self._run_fact(letter), self._repository_fact(delivery, letter)
        tally = junit_xml.Tally()
        record_test_run(
            repository=repository_of_report(fact=place),
            fact=fact,
            cases=junit_xml.read(unpacked(letter), tally),
            counts=tally.counts,
            ran_at=lambda: junit_xml.ran_at(fact.ran_at, tally, fact.received_at),
            delivery=delivery,
        )

    def _run_fact(self, letter: Letter) -> TestRunFact:
        sha, url = letter.parameter("sha").lower(), letter.parameter("url")
        if sha and not SHA.fullmatch(sha):
            raise Unprocessable(f"sha: {sha[:80]!r} is not the full hexadecimal name of a commit")
        if url and _split(url, "url").scheme not in ("http", "https"):
            raise Unprocessable("url: not an http address")
        return TestRunFact(
            key=run_key(letter, self.digest),
            received_at=letter.received_at,
            sha=sha,
            branch=letter.parameter("branch").removeprefix("refs/heads/")[:250],
            suite=(letter.parameter("suite") or letter.parameter("file"))[:200],
            url=url[:500],
            ran_at=instant(letter.parameter("ran_at")),
        )

    def _repository_fact(self, delivery: Delivery, letter: Letter) -> RepositoryFact:
        mapping = delivery.source.mapping
        told = letter.parameter("repository") or str(mapping.get("repository", ""))
        if not told:
            raise Unprocessable("Whose results? Send ?repository=, or set it in the source's mapping")
        branch = letter.parameter("default_branch") or str(mapping.get("default_branch", ""))
        name = _split(told, "repository").path.strip("/").removesuffix(".git") if "://" in told else told
        address = told if "://" in told else ""
        return RepositoryFact(name=name or told, origin_address=address, default_branch=branch[:200])

    def shown(self, letter: Letter) -> str:
        try:
            return b"".join(islice(unpacked(letter), SHOWN)).decode("utf-8", "replace")
        except (TooLarge, Unprocessable) as reason:
            return str(reason)

    def curl(self, url: str) -> str:
        return CURL.replace("@SOURCE@", url)


CURL = """\
# By hand
curl -fsS --data-binary @junit.xml -H "Authorization: Bearer $SECRET" \\
  "@SOURCE@?repository=https://git.example/shop/till&sha=$(git rev-parse HEAD)&branch=main&suite=unit"

# GitHub Actions: a step with `if: always()` and `env: {SECRET: "${{ secrets.HINDCAST_SECRET }}"}`
run: gzip -c junit.xml | curl -fsS --retry 3 --data-binary @- -H "Authorization: Bearer $SECRET" \
-H "Content-Encoding: gzip" -H "X-Hindcast-Branch: ${GITHUB_HEAD_REF:-$GITHUB_REF_NAME}" \
"@SOURCE@?repository=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY&sha=$GITHUB_SHA&run=$GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT\
&suite=$GITHUB_JOB&url=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"

# GitLab CI: a line of `after_script`, with SECRET as a masked variable
- 'gzip -c junit.xml | curl -fsS --retry 3 --data-binary @- -H "Authorization: Bearer $SECRET" \
-H "Content-Encoding: gzip" -H "X-Hindcast-Branch: $CI_COMMIT_REF_NAME" \
"@SOURCE@?repository=$CI_PROJECT_URL&default_branch=$CI_DEFAULT_BRANCH&sha=$CI_COMMIT_SHA&run=$CI_PIPELINE_ID.$CI_JOB_ID\
&suite=$CI_JOB_NAME_SLUG&url=$CI_JOB_URL"'
"""


def _split(address: str, name: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise Unprocessable(f"{name}: {error}") from error


def is_packed(letter: Letter) -> bool:
    return letter.header("Content-Encoding").strip().lower() in ("gzip", "x-gzip")


def unpacked(letter: Letter) -> Iterator[bytes]:
    """Raises: TooLarge, Unprocessable, both while it goes."""
    if is_packed(letter):
        return inflated(letter.body, settings.INTAKE_MAX_INFLATED_BYTES)
    return pieces(letter.body)


def run_key(letter: Letter, digest: Callable[[Letter], bytes]) -> str:
    """What makes one upload: run, suite and file, as far as they are said, else its own bytes.

    Without a run, or with nothing that tells its files apart, another body is another upload.
    """
    run, suite, file = (letter.parameter(name) for name in ("run", "suite", "file"))
    told = "/".join(part for part in (run or letter.parameter("sha"), suite, file) if part)
    named = told if run and (suite or file) else f"{told}/{digest(letter).hex()[:32]}"
    return named if len(named) <= 200 else f"sha256:{hashlib.sha256(named.encode()).hexdigest()}"
