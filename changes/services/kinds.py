"""What sort of deployment one was: as a person says, else its sender, else as where it went tells."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from changes.facts import DeploymentFact
from changes.models import Deployment, Repository
from changes.services.shipping import refresh_holding, settle_kind
from intake import ledger

Kind, Basis = Deployment.Kind, Deployment.KindBasis
MOST_REASON = 2000


class KindRefused(ValueError):
    """In words to be shown, with the input to mend and a code for machines."""

    def __init__(self, reason: str, *, field: str = "", code: str = "refused") -> None:
        super().__init__(reason)
        self.field = field
        self.code = code


def hear_kind(one: Deployment, fact: DeploymentFact) -> None:
    """The later telling stands; a deployment that did not succeed went nowhere."""
    if fact.kind:
        known = (one.kind_told_at, one.kind_told) if one.kind_told_at else None
        if known is None or (fact.told_at, fact.kind) >= known:
            one.kind_told, one.kind_told_at = fact.kind, fact.told_at
    went_back = one.status == Deployment.Status.SUCCEEDED and one.kind_basis == Basis.OLDER
    settle_kind(one, went_back=went_back)


@transaction.atomic
def say_deployment_kind(
    *, deployment_id: int, kind: str, reason: str, by: User | None, now: datetime
) -> Deployment:
    """A person's word, which nothing told later overwrites; an empty `kind` takes it back.

    Raises: KindRefused without a reason, or for a kind that is none.
    """
    reason = reason.strip()
    if kind and kind not in Kind.values:
        raise KindRefused(
            "A deployment is planned, a rollback or a hotfix.", field="kind", code="unknown_kind"
        )
    if not reason:
        raise KindRefused("Say in a few words why.", field="reason", code="no_reason")
    if len(reason) > MOST_REASON:
        raise KindRefused(f"At most {MOST_REASON} characters.", field="reason", code="too_long")
    repository = Deployment.objects.values_list("repository", flat=True).get(pk=deployment_id)
    Repository.objects.select_for_update(no_key=True).get(pk=repository)
    one = Deployment.objects.select_for_update(no_key=True, of=("self",)).get(pk=deployment_id)
    before = {"kind": one.kind, "basis": one.kind_basis}
    if kind:
        one.kind, one.kind_basis = kind, Basis.PERSON
    else:
        one.kind_basis = Basis.NONE
        settle_kind(one, went_back=False)
    one.save(update_fields=["kind", "kind_basis"])
    if not kind:
        refresh_holding(one.repository, now)  # where it went is looked at again
        one.refresh_from_db()
    actor = by.pk if by else None
    after = {"kind": one.kind, "basis": one.kind_basis}
    audit(
        verb="say_deployment_kind",
        target=one,
        actor=by,
        detail={"before": before, "after": after, "reason": reason},
    )
    ledger.touch(
        ledger.Kind.DEPLOYMENT, one.pk, verb="kind said", repository_id=one.repository_id, actor_id=actor
    )
    return one
