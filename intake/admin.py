"""The operator's window on the letterbox: sources, what came, and what was turned away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Role, User
from intake import admin_outgoing, processing, queries, services
from intake.forms import SourceForm
from intake.models import Delivery, Refusal, Source
from intake.sources import Letter, Provider, providers
from intake.tasks import bell

__all__ = ["DeliveryAdmin", "RefusalAdmin", "SourceAdmin", "admin_outgoing"]

if TYPE_CHECKING:
    SourceBase = admin.ModelAdmin[Source]
    DeliveryBase = admin.ModelAdmin[Delivery]
    RefusalBase = admin.ModelAdmin[Refusal]
else:
    SourceBase = DeliveryBase = RefusalBase = admin.ModelAdmin


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin was reached by nobody")
    return request.user


@admin.register(Source)
class SourceAdmin(SourceBase):
    form = SourceForm
    list_display = ("name", "kind", "is_active", "has_secret", "waiting", "parked")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar[dict[str, Any]] = {"slug": ("name",)}
    readonly_fields = ("address", "trying_out", "mapping_help", "secrets_now")
    fieldsets = (
        (None, {"fields": ("name", "slug", "kind", "is_active", "team")}),
        ("Where to send", {"fields": ("address", "trying_out")}),
        ("Proof of the sender", {"fields": ("secrets_now", "secret_change", "new_secret")}),
        ("Reading", {"fields": ("mapping_help", "mapping")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        received, parked = Delivery.State.RECEIVED, Delivery.State.PARKED
        return (
            super()
            .get_queryset(request)
            .annotate(
                waiting_total=Count("deliveries", filter=Q(deliveries__state=received)),
                parked_total=Count("deliveries", filter=Q(deliveries__state=parked)),
            )
        )

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        by = _person(request)
        services.save_source(source=obj, by=by)
        wanted = form.cleaned_data["secret_change"]
        if wanted == SourceForm.CLEAR:
            services.clear_second_secret(source=obj, by=by)
        if wanted not in (SourceForm.SET, SourceForm.ROTATE):
            return
        given = form.cleaned_data["new_secret"]
        secret = given or services.new_secret()
        put = services.set_secret if wanted == SourceForm.SET else services.rotate_secret
        put(source=obj, secret=secret, by=by)
        if not given:
            messages.success(request, f"The secret of {obj}, shown this once: {secret}")

    @admin.display(description="secret", boolean=True)
    def has_secret(self, source: Source) -> bool:
        return bool(source.secret_sealed)

    @admin.display(description="waiting", ordering="waiting_total")
    def waiting(self, source: Any) -> int:
        return int(source.waiting_total)

    @admin.display(description="parked", ordering="parked_total")
    def parked(self, source: Any) -> int:
        return int(source.parked_total)

    @admin.display(description="secrets")
    def secrets_now(self, source: Source) -> str:
        if not source.secret_sealed:
            return "None: nothing is accepted."
        return "Two, either is accepted." if source.second_secret_sealed else "One."

    @admin.display(description="address")
    def address(self, source: Source) -> str:
        if not source.pk:
            return "Known once it is saved."
        return queries.address_of(source)

    @admin.display(description="try it out")
    def trying_out(self, source: Source) -> SafeString | str:
        provider = providers().get(source.kind)
        if not source.pk or provider is None:
            return "Known once it is saved."
        deliver = f"python manage.py deliver {source.slug} letter.json"
        return format_html("<pre>{}\n\n{}</pre>", provider.curl(queries.address_of(source)), deliver)

    @admin.display(description="keys of the mapping")
    def mapping_help(self, source: Source) -> SafeString | str:
        provider = providers().get(source.kind)
        if provider is None or not provider.mapping_keys:
            return "This kind of source has none."
        return format_html_join("\n", "<p><code>{}</code> {}</p>", provider.mapping_keys.items())


class ReadOnly:
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, DeliveryBase):
    """The inbox. Bodies are for admins, but not for one who is not named on a restricted incident told of."""

    list_display = (
        "id",
        "source",
        "event",
        "state",
        "conflicting",
        "attempts",
        "received_at",
        "reason_in_short",
    )
    list_filter = ("state", "conflicting", "source", "event")
    list_select_related = ("source",)
    search_fields = ("key",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "source",
        "event",
        "key",
        "state",
        "reason",
        "conflicting",
        "attempts",
        "received_at",
        "next_attempt_at",
        "processed_at",
        "body_purged_at",
        "headers_told",
        "body_told",
    )
    readonly_fields = ("headers_told", "body_told")
    actions = ("replay", "park", "apply_conflicting")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("body")

    def get_fields(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        if obj is not None:
            # Decided for this reader here: a display function is not told who reads.
            obj.body_shown = _body_for(obj, _person(request))  # type: ignore[attr-defined]
        return super().get_fields(request, obj)

    @admin.display(description="reason")
    def reason_in_short(self, delivery: Delivery) -> str:
        return delivery.reason[:80]

    @admin.display(description="headers")
    def headers_told(self, delivery: Delivery) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(delivery.headers, indent=2))

    @admin.display(description="body")
    def body_told(self, delivery: Delivery) -> SafeString:
        return format_html("<pre>{}</pre>", getattr(delivery, "body_shown", ""))

    @admin.action(description="Replay", permissions=["view"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = services.replay(deliveries=_ids(queryset), by=_person(request))
        bell.ring_now()
        messages.success(request, f"{count} due again. Purged and conflicting ones are left alone.")

    @admin.action(description="Park", permissions=["view"])
    def park(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        count = services.park(deliveries=_ids(queryset), by=_person(request))
        messages.success(request, f"{count} parked. Only waiting ones can be.")

    @admin.action(description="Apply though conflicting", permissions=["view"])
    def apply_conflicting(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        for pk in _ids(queryset.filter(conflicting=True, body_purged_at=None)):
            delivery = processing.apply_conflicting(delivery_id=pk, by=_person(request))
            reason = f": {delivery.reason}" if delivery.reason else ""
            messages.info(request, f"Delivery {pk} is {delivery.get_state_display().lower()}{reason}")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_admin(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_admin(request)


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.at_least(Role.ADMIN)


def _ids(queryset: QuerySet[Delivery]) -> list[int]:
    return list(queryset.order_by("pk").values_list("pk", flat=True))


def _body_for(delivery: Delivery, reader: User) -> str:
    if delivery.body_purged_at:
        return "Purged: kept long enough."
    letter = Letter(delivery.headers, bytes(delivery.body), delivery.received_at)
    provider = providers().get(delivery.source.kind)
    if provider is not None and not provider.may_read(delivery, letter, reader):
        return "It tells of a restricted incident, and you are not named on it."
    return (provider or Provider()).shown(letter)


@admin.register(Refusal)
class RefusalAdmin(ReadOnly, RefusalBase):
    list_display = ("day", "source", "reason", "count")
    list_filter = ("source", "reason")
    list_select_related = ("source",)
    ordering = ("-day",)
