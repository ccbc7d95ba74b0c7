"""What a repository asks to be kept right, as it was counted on a day."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from changes.models.places import Repository, Service
from changes.models.taxonomy import DomainArea


class LoadReading(models.Model):
    """One count of one kind in a repository, or in the part of it that is a service or belongs to an area.

    A fact: told by CI or read out of a clone, and replaced by a later telling of the same day.
    """

    class Kind(models.TextChoices):
        SETTINGS = "settings", "Settings"
        DEPENDENCIES = "dependencies", "Dependencies"
        INDIRECT = "indirect", "Dependencies of dependencies"
        SERVICES = "services", "Services"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="load_readings")
    # Both empty: the repository as a whole.
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="+")
    area = models.ForeignKey(DomainArea, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    on = models.DateField()
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=200, blank=True, help_text="Who counted, and what.")
    told_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "service", "area", "kind", "on"],
                nulls_distinct=False,
                name="load_reading_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.get_kind_display().lower()} on {self.on}"
