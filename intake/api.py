"""What became of deliveries, for admins: never the bodies, which may tell of restricted incidents."""

from __future__ import annotations

from accounts.models import Role
from accounts.resources import Readable
from intake.filters import DeliveryFilter
from intake.models import Delivery
from intake.serializers import DeliverySerializer


class Deliveries(Readable):
    read_role = Role.ADMIN
    queryset = Delivery.objects.select_related("source").defer("body", "headers")
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    lookup_value_regex = "[0-9]{1,18}"
    page_by = "-received_at"
