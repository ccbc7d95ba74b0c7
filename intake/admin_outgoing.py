"""The operator's window on what goes out: the hooks, their messages, and what went wrong with them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from intake.forms import OutgoingHookForm
from intake.models import OutgoingHook, OutgoingMessage
from intake.outgoing import hooks, writers
from intake.tasks import ring_now_for_outgoing


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("the admin was reached by nobody")
    return request.user


@admin.register(OutgoingHook)
class OutgoingHookAdmin(admin.ModelAdmin):
    ON_SIGNING = "A secret is made and shown once, unless you enter one."
    form = OutgoingHookForm
    list_display = ("name", "host", "form_of", "told_of", "about", "is_active", "waiting", "failed")
    list_filter = ("is_active", "format")
    search_fields = ("name", "host")
    readonly_fields = ("goes_to", "secrets_now", "stopped_reason", "last_messages")
    fieldsets = (
        (None, {"fields": ("name", "is_active", "stopped_reason")}),
        ("Where to", {"fields": ("goes_to", "url", "format")}),
        ("What", {"fields": ("topics", "scope")}),
        ("Signature", {"fields": ("secrets_now", "secret_change", "new_secret")}),
        ("Messages", {"fields": ("last_messages",)}),
    )
    actions = ("send_test",)
    change_form_template = "admin/intake/outgoinghook/change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: OutgoingHook | None = None) -> Any:
        """A new hook has no secret to leave or rotate, no messages, and no reason why it was stopped."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        return (
            (None, {"fields": ("name", "is_active")}),
            ("Where to", {"fields": ("url", "format")}),
            ("What", {"fields": ("topics", "scope")}),
            ("Signature", {"fields": ("new_secret",), "description": self.ON_SIGNING}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutgoingHook]:
        is_open = Q(messages__sent_at=None, messages__closed_at=None)
        found: QuerySet[OutgoingHook] = super().get_queryset(request)
        return found.annotate(
            waiting_total=Count("messages", filter=is_open),
            failed_total=Count("messages", filter=Q(messages__sent_at=None) & ~Q(messages__error="")),
        )

    def save_model(self, request: HttpRequest, obj: OutgoingHook, form: Any, change: bool) -> None:
        by, now, given = _person(request), timezone.now(), form.cleaned_data["new_secret"]
        secret = hooks.save_hook(hook=obj, url=form.cleaned_data["url"], by=by, now=now, secret=given)
        if change and form.cleaned_data["secret_change"] == OutgoingHookForm.ROTATE:
            fresh = hooks.rotate_secret(hook=obj, by=by, now=now, secret=given)
            secret = None if given else fresh
        if secret:
            messages.success(request, f"The secret of {obj}, shown this once: {secret}")

    def response_add(
        self, request: HttpRequest, obj: OutgoingHook, post_url_continue: Any = None
    ) -> HttpResponse:
        self._test_if_asked(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: OutgoingHook) -> HttpResponse:
        self._test_if_asked(request, obj)
        return super().response_change(request, obj)

    def _test_if_asked(self, request: HttpRequest, hook: OutgoingHook) -> None:
        if "_test" in request.POST:
            self._test(request, [hook])

    def _test(self, request: HttpRequest, chosen: list[OutgoingHook]) -> None:
        for hook in chosen:
            hooks.put_test(hook=hook, by=_person(request), now=timezone.now())
        transaction.on_commit(ring_now_for_outgoing)
        where = reverse("admin:intake_outgoingmessage_changelist")
        messages.info(
            request,
            format_html(
                'A test is on its way to {}. <a href="{}">See what was answered</a>', _names(chosen), where
            ),
        )

    @admin.action(description="Send a test message", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[OutgoingHook]) -> None:
        self._test(request, list(queryset))

    @admin.display(description="format", ordering="format")
    def form_of(self, hook: OutgoingHook) -> str:
        return hook.get_format_display().partition(":")[0]

    @admin.display(description="narrowed to", ordering="scope")
    def about(self, hook: OutgoingHook) -> str:
        """In words; a hook whose team, service or area is gone is told of nothing."""
        return dict(writers.scopes()).get(hook.scope, "no more there")

    @admin.display(description="told of")
    def told_of(self, hook: OutgoingHook) -> str:
        return ", ".join(topic.replace("_", " ") for topic in hook.topics)

    @admin.display(description="waiting", ordering="waiting_total")
    def waiting(self, hook: Any) -> int:
        return int(hook.waiting_total)

    @admin.display(description="failed", ordering="failed_total")
    def failed(self, hook: Any) -> int:
        return int(hook.failed_total)

    @admin.display(description="goes to")
    def goes_to(self, hook: OutgoingHook) -> str:
        return f"{hook.host}/… Enter an address below to replace it; an empty one leaves it as it is."

    @admin.display(description="signed with")
    def secrets_now(self, hook: OutgoingHook) -> str:
        until = hook.former_secret_until
        if until and timezone.now() < until:
            return f"Two: until {timezone.localtime(until):%Y-%m-%d %H:%M} with the one before as well."
        return "One secret."

    @admin.display(description="messages")
    def last_messages(self, hook: OutgoingHook) -> SafeString:
        where = reverse("admin:intake_outgoingmessage_changelist")
        return format_html('<a href="{}?hook__id__exact={}">All messages of this hook</a>', where, hook.pk)


def _names(chosen: list[OutgoingHook]) -> str:
    return ", ".join(str(hook) for hook in chosen)


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ReadOnlyAdmin):
    """What was sent, and what was not and why; the words of a message are kept nowhere."""

    list_display = ("made_at", "hook", "topic", "standing", "attempts", "error")
    list_filter = (
        "hook",
        "topic",
        ("sent_at", admin.EmptyFieldListFilter),
        ("error", admin.EmptyFieldListFilter),
    )
    list_select_related = ("hook",)
    search_fields = ("key", "error")
    show_full_result_count = False
    actions = ("try_again",)

    @admin.display(description="standing")
    def standing(self, message: OutgoingMessage) -> str:
        if message.sent_at:
            return f"sent {timezone.localtime(message.sent_at):%Y-%m-%d %H:%M}"
        if message.closed_at:
            return "given up" if message.error else "nothing to say"
        if not message.attempts:
            return "waiting"
        return f"next attempt {timezone.localtime(message.next_attempt_at):%Y-%m-%d %H:%M}"

    @admin.action(description="Try again those that failed", permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]) -> None:
        count = hooks.try_again(messages=queryset, now=timezone.now())
        transaction.on_commit(ring_now_for_outgoing)
        messages.success(request, f"{count} will be tried again. Those of a hook that is off are left alone.")
