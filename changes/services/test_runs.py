"""What CI reports of tests: counts of a run, and rows for what names a scenario or broke a suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from django.db import transaction

from changes.facts import RepositoryFact, TestCaseFact, TestRunFact
from changes.models import Repository, TestCaseResult, TestRun
from changes.services.repositories import find_or_make_repository
from intake import ledger
from intake.models import Delivery

BATCH = 500


def repository_of_report(*, fact: RepositoryFact) -> Repository:
    """As for any sender; a bare name also means the only repository that is called so."""
    if not fact.origin_address:
        named = list(Repository.objects.filter(name=fact.name, is_demo=False)[:2])
        if len(named) == 1:
            return named[0]
    return find_or_make_repository(fact=fact)


@transaction.atomic
def record_test_run(
    *,
    repository: Repository,
    fact: TestRunFact,
    cases: Iterable[TestCaseFact],
    counts: Callable[[], Mapping[str, int]],
    ran_at: Callable[[], datetime],
    delivery: Delivery | None = None,
) -> TestRun:
    """One upload; told again it is the same row. `counts` and `ran_at` are asked once `cases` are read."""
    run, is_new = TestRun.objects.select_for_update().get_or_create(
        repository=repository, key=fact.key, defaults={"ran_at": fact.received_at}
    )
    if not is_new:
        run.cases.all().delete()
    rows = _rows(run, cases)
    while batch := list(islice(rows, BATCH)):
        TestCaseResult.objects.bulk_create(batch)
    told = {"sha": fact.sha, "branch": fact.branch, "suite": fact.suite, "url": fact.url}
    for name, value in {**told, **counts()}.items():
        setattr(run, name, value)
    run.ran_at, run.delivery = ran_at(), delivery
    run.save()
    ledger.touch(
        ledger.Kind.TEST_RUN,
        run.pk,
        verb="recorded" if is_new else "recorded_again",
        repository_id=repository.pk,
        delivery_id=delivery.pk if delivery else None,
    )
    return run


def _rows(run: TestRun, cases: Iterable[TestCaseFact]) -> Iterator[TestCaseResult]:
    for case in cases:
        for scenario in case.scenarios or ("",):
            yield TestCaseResult(
                run=run,
                scenario=scenario,
                suite=case.suite,
                name=case.name,
                outcome=case.outcome,
                seconds=case.seconds,
                message=case.message,
            )
