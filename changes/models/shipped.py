"""How many changes shipped, kept by the database itself: a page of all places reads these instead of them."""

from __future__ import annotations

from django.db import models

from changes.models.places import Repository
from changes.models.taxonomy import DomainArea, Origin


class ShippedCount(models.Model):
    """A part of a count: rows are only added, by triggers on changes, and folded into one by and by.

    What stands is the sum. So nobody waits for another's row, and a count is right within the transaction
    that altered it.
    """

    repository = models.ForeignKey(
        Repository, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    area = models.ForeignKey(
        DomainArea, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    origin = models.CharField(max_length=10, choices=Origin)
    # What came (or, below zero, went) since the last folding; of a folded row all there is.
    n = models.IntegerField()
    is_folded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(is_folded=False), name="shipped_count_unfolded")
        ]

    def __str__(self) -> str:
        return f"{self.n} {self.origin} in {self.repository_id}"
