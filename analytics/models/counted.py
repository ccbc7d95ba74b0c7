"""What the figures are counted from: facts as they were known, and cells added up over spans of days.

Findings: nothing here is typed in, all of it can be thrown away and rebuilt from the tables below. Rows
point to changes and incidents without a constraint, as they outlive no one and hold up no deletion.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from changes.models import Change, Repository
from incidents.models import Incident

if TYPE_CHECKING:
    from datetime import datetime

# Shares are whole numbers of this unit, so that sums are exact in any order and can be taken back.
WHOLE = 10**12
CURRENT = Q(known_until=None)


class RowCode(IntEnum):
    """The rows beside the kinds of help, whose ids are above zero; then what stands instead of a change."""

    TOTAL = -1
    ASSISTED = -2
    NOT_SAID = -3
    MANUAL = -4
    UNKNOWN = -5
    AUTOMATION = -6

    NO_CHANGE = -11
    NOT_DETERMINED = -12
    UNANSWERED = -13
    DEPLOYMENT_ONLY = -14


class KnownQuerySet(models.QuerySet):
    def known_at(self, at: datetime | None) -> KnownQuerySet:
        """The rows that held at an instant; None: those that hold now."""
        if at is None:
            return self.filter(CURRENT)
        return self.filter(Q(known_until=None) | Q(known_until__gt=at), known_from__lte=at)


class Known(models.Model):
    """A row that held from one instant up to another; NULL: it holds now."""

    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)

    objects: ClassVar[KnownQuerySet] = KnownQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True


class CountedChange(Known):
    """One shipped change in one period of knowledge: all that any cell needs of it, whatever is asked.

    Days are the organisation's. `area` and `assistant` are ids with merges resolved, 0 for none; `rows`
    are ids of kinds, or a `RowCode` below zero.
    """

    change = models.ForeignKey(Change, models.DO_NOTHING, db_constraint=False, related_name="+")
    repository = models.ForeignKey(Repository, models.DO_NOTHING, db_constraint=False, related_name="+")
    is_demo = models.BooleanField()
    shipped_on = models.DateField()
    type = models.CharField(max_length=14)
    size_band = models.CharField(max_length=8)
    area = models.BigIntegerField()
    assistant = models.BigIntegerField()
    services = ArrayField(models.BigIntegerField())
    origin_counted = models.CharField(max_length=10)
    by_policy = models.BooleanField()
    rows = ArrayField(models.BigIntegerField(), help_text="Where it counts.")
    rows_afterwards = ArrayField(models.BigIntegerField(), help_text="Where it was said only afterwards.")

    # Shares of incidents that began 0 to 30 days after it shipped: confirmed; confirmed or suspected.
    sure = models.BigIntegerField()
    perhaps = models.BigIntegerField()
    # The first day of each sort of failure: within the window, and after it.
    failed_on = models.DateField(null=True)
    late_on = ArrayField(models.DateField())
    undone_on = models.DateField(null=True)
    undone_late_on = models.DateField(null=True)
    followed_on = models.DateField(null=True)
    followed_late_on = models.DateField(null=True)
    # The last day of anything above: a figure for an earlier day must look at the days themselves.
    latest_on = models.DateField(null=True)
    # One over the changes of each incident: their sum is never more than the incidents behind a cell.
    incident_parts = models.BigIntegerField()
    restricted = models.IntegerField(help_text="How many restricted incidents it is linked with.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "known_from"], name="counted_change_from_once")
        ]
        indexes = [
            models.Index(fields=["change"], condition=CURRENT, name="counted_change_now"),
            models.Index(fields=["shipped_on"], condition=CURRENT, name="counted_change_shipped_now"),
            models.Index(fields=["latest_on"], condition=CURRENT, name="counted_change_latest"),
            models.Index(fields=["shipped_on", "known_from"], name="counted_change_shipped"),
            models.Index(fields=["area", "shipped_on"], condition=CURRENT, name="counted_change_area"),
            # The few that failed, read without the rows themselves.
            models.Index(
                fields=["shipped_on"],
                include=["change", "area", "size_band", "sure", "type", "is_demo", "rows"],
                condition=CURRENT & Q(sure__gt=0),
                name="counted_change_failed",
            ),
            GinIndex(fields=["services"], condition=CURRENT, name="counted_change_services"),
        ]

    def __str__(self) -> str:
        return f"change {self.change_id} from {self.known_from}"


class CountedLink(Known):
    """A standing link of a counted incident to a shipped change; `share` is in parts of WHOLE."""

    change = models.ForeignKey(Change, models.DO_NOTHING, db_constraint=False, related_name="+")
    incident = models.ForeignKey(Incident, models.DO_NOTHING, db_constraint=False, related_name="+")
    is_demo = models.BooleanField()
    began_on = models.DateField()
    confirmed = models.BooleanField()
    share = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change", "incident", "known_from"], name="counted_link_from_once"
            )
        ]
        indexes = [
            models.Index(fields=["incident"], name="counted_link_incident"),
            models.Index(fields=["began_on"], name="counted_link_began"),
            models.Index(
                fields=["change"],
                include=["incident", "confirmed"],
                condition=CURRENT,
                name="counted_link_now",
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.change_id} in incident {self.incident_id}"


class CountedIncident(Known):
    """A counted incident, and what stands instead of a change: a `RowCode`, or 0 where a change is named."""

    incident = models.ForeignKey(Incident, models.DO_NOTHING, db_constraint=False, related_name="+")
    is_demo = models.BooleanField()
    began_on = models.DateField()
    area = models.BigIntegerField()
    services = ArrayField(models.BigIntegerField())
    instead = models.SmallIntegerField()
    restricted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "known_from"], name="counted_incident_from_once")
        ]
        indexes = [
            models.Index(fields=["incident"], condition=CURRENT, name="counted_incident_now"),
            models.Index(fields=["began_on"], name="counted_incident_began"),
        ]

    def __str__(self) -> str:
        return f"incident {self.incident_id} from {self.known_from}"


class Cell(models.Model):
    """What is known now, added up over one span of days (`analytics.spans`) for one row and area.

    `slice` is empty, or one narrowing such as `size=small`. Cells of zero are not kept.
    """

    pk = models.CompositePrimaryKey("is_demo", "slice", "type", "node", "row", "area")
    is_demo = models.BooleanField()
    slice = models.CharField(max_length=40, db_collation="C")
    type = models.CharField(max_length=14, db_collation="C")
    node = models.IntegerField()
    row = models.BigIntegerField()
    area = models.BigIntegerField()

    n = models.BigIntegerField()
    by_policy = models.BigIntegerField()
    afterwards = models.BigIntegerField()
    sure = models.BigIntegerField()
    perhaps = models.BigIntegerField()
    failed = models.BigIntegerField()
    late = models.BigIntegerField()
    undone = models.BigIntegerField()
    undone_late = models.BigIntegerField()
    followed = models.BigIntegerField()
    followed_late = models.BigIntegerField()
    any_sure = models.BigIntegerField()
    any_perhaps = models.BigIntegerField()
    any_failed = models.BigIntegerField()
    any_late = models.BigIntegerField()
    incident_parts = models.BigIntegerField()
    restricted = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["node"], condition=Q(n=0, afterwards=0), name="cell_of_zero")]

    def __str__(self) -> str:
        return f"{self.slice or 'all'} {self.type} {self.node}: row {self.row}, area {self.area}"


class Counting(models.Model):
    """How far the ledger is counted; one row.

    A snapshot says which of the ledger's transactions were seen: ids alone would not, as they are drawn
    before they are visible. `transaction` and `last_entry` tell the same within one transaction.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    snapshot = models.TextField(blank=True)
    transaction = models.BigIntegerField(default=0)
    last_entry = models.BigIntegerField(default=0)
    # Entries up to this one are counted, whatever their transaction: set when the database was moved.
    floor = models.BigIntegerField(default=0)
    generation = models.BigIntegerField(default=0, help_text="One more whenever a figure may differ.")
    cells_stand = models.BooleanField(default=True, help_text="False while all cells are made anew.")
    # What the facts were computed by: with another zone or rule all are counted anew.
    counted_by = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"counted up to entry {self.last_entry}"


class Recount(models.Model):
    """A change or an incident that was touched and is not counted yet, and when it was last touched."""

    class Kind(models.TextChoices):
        CHANGE = "change"
        INCIDENT = "incident"

    kind = models.CharField(max_length=8, choices=Kind)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="recount_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
