"""Who is reminded of what is due, and when: rows that an admin edits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ReminderPolicy(models.Model):
    """So many business days before or after a day, these people are told of it.

    Of several rows for the same kind and people the last whose day has come decides.
    """

    class Kind(models.TextChoices):
        POSTMORTEM = "postmortem", "Postmortem that is due"
        ACTION = "action", "Action that is due"
        REVIEW = "review", "Review that was asked for"

    class Side(models.TextChoices):
        BEFORE = "before", "before"
        AFTER = "after", "after"

    class Who(models.TextChoices):
        OWNER = "owner", "Its owner; of a review, who was asked"
        FACILITATOR = "facilitator", "The facilitator of the postmortem"
        TEAM = "team", "The others of the team"

    kind = models.CharField(max_length=10, choices=Kind)
    who = models.CharField(max_length=11, choices=Who, default=Who.OWNER)
    days = models.PositiveSmallIntegerField(help_text="Business days: Saturdays and Sundays do not count.")
    side = models.CharField("before or after", max_length=6, choices=Side, default=Side.BEFORE)
    repeat_every = models.PositiveSmallIntegerField(
        default=0, help_text="Told again every so many business days; 0 is once."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "side", "days", "who"]
        verbose_name_plural = "reminder policies"
        constraints = [
            models.UniqueConstraint(fields=["kind", "who", "side", "days"], name="reminder_policy_once"),
            models.CheckConstraint(
                condition=~Q(kind="review", side="before"),
                name="reminder_of_review_is_after",
                violation_error_message="A review is due on no day: choose after it was asked for.",
            ),
            models.CheckConstraint(
                condition=~Q(side="before") | Q(repeat_every=0),
                name="reminder_repeats_only_after",
                violation_error_message="Only what is behind its day is told again.",
            ),
        ]

    def __str__(self) -> str:
        day = "it was asked for" if self.kind == self.Kind.REVIEW else "the day"
        return f"{self.get_kind_display()}: {self.days} business days {self.side} {day}"
