"""Makes the figures of the weekly review anew from what they rest on. Closed weeks keep theirs."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from analytics.models import ChangeFlow, DeploymentFlow, IncidentFlow, SpanFigures
from analytics.services import flow


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        flow.rebuild(now=timezone.now)
        counts = [model.objects.count() for model in (ChangeFlow, DeploymentFlow, IncidentFlow, SpanFigures)]
        self.stdout.write(
            "{} changes, {} deployments and {} incidents looked at, {} figures reckoned in {:.1f} s.".format(
                *counts, time.monotonic() - began
            )
        )
