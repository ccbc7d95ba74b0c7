"""What curators say of wording: phrases that blame, why, and what to write instead."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models


@pghistory.track()
class WordingRule(models.Model):
    """One row of the wording list; the defaults of a newer version reach rows that nobody has edited."""

    slug = models.SlugField(max_length=60, unique=True)
    # RE2 syntax, letters in any case, whole words.
    pattern = models.TextField()
    reason = models.CharField(max_length=200)
    # What to think of instead, shown beside the phrase.
    offer = models.CharField(max_length=300)
    # What one click puts in the phrase's place; \1 to \9 are the pattern's groups. Empty: advice only.
    rewrite = models.CharField(max_length=300, blank=True)
    of_people = models.BooleanField(
        default=False, help_text="Only where a person, a team or a pronoun is the one who acts."
    )
    flagged = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    left_alone = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    is_edited = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.slug
