"""The wording list: edited with a check by RE2 and by its own examples, and tried out before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin_cells import NamedCells
from changes.admin.rules import Lines
from changes.admin.terms import person
from incidents import wording
from incidents.models import WordingRule
from incidents.queries.wording import as_rule, book_of
from incidents.services.refusals import Refused
from incidents.services.wording import check, save_rule, take_default
from incidents.wording import LEAVE_OUT
from incidents.wording_defaults import DEFAULTS, differs

if TYPE_CHECKING:
    RuleBase = admin.ModelAdmin[WordingRule]
    RuleModelForm = forms.ModelForm[WordingRule]
else:
    RuleBase, RuleModelForm = admin.ModelAdmin, forms.ModelForm


class WordingRuleForm(RuleModelForm):
    flagged = Lines(required=False, help_text="One on each line: texts in which it has to find something.")
    left_alone = Lines(
        required=False, help_text="One on each line: texts that look alike, and must not be flagged."
    )

    class Meta:
        model = WordingRule
        fields = (
            "slug", "is_active", "position", "pattern", "of_people", "reason", "offer", "rewrite", "flagged",
            "left_alone",
        )  # fmt: skip
        widgets = {
            "pattern": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField", "spellcheck": "false"}),
            "reason": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "offer": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "rewrite": forms.TextInput(attrs={"class": "vLargeTextField", "spellcheck": "false"}),
        }
        help_texts = {
            "pattern": "RE2; letters in any case, whole words; a space stands for any white space.",
            "offer": "What to think of instead, shown beside the phrase.",
            "rewrite": r"What one click puts in its place; \1 to \9 are the pattern's groups. "
            f"“{LEAVE_OUT}” takes the phrase out. Empty: advice only.",
        }

    def _post_clean(self) -> None:
        """The rule as it would be stored is looked at: what a form leaves out keeps its old words."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            check(self.instance)
        except Refused as refused:
            self.add_error(refused.field or None, refused.reason)


class TryForm(forms.Form):
    sample = forms.CharField(
        required=False,
        max_length=64 * 1024,
        label="Text to try",
        widget=forms.Textarea(attrs={"rows": 10, "cols": 84}),
        help_text="Prose as somebody would write it. Nothing of it is stored.",
    )


@admin.register(WordingRule)
class WordingRuleAdmin(NamedCells, RuleBase):
    form = WordingRuleForm
    change_list_template = "admin/incidents/wordingrule/change_list.html"
    change_form_template = "admin/incidents/wordingrule/change_form.html"
    list_display = ("slug", "reason", "offer", "of_people", "position", "is_active", "default")
    list_editable = ("position", "is_active")
    list_filter = ("is_active", "of_people", "is_edited")
    search_fields = ("slug", "pattern", "reason", "offer")
    list_per_page = 200
    actions = ("switch_on", "switch_off", "take_the_default")
    readonly_fields = ("default",)
    fieldsets = (
        (None, {"fields": ("slug", "is_active", "position", "default")}),
        ("What it looks for", {"fields": ("pattern", "of_people", "flagged", "left_alone")}),
        ("What it says", {"fields": ("reason", "offer", "rewrite")}),
    )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug", *self.readonly_fields) if obj else self.readonly_fields

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Of the list only place and state are edited: an old example stops nobody there."""
        return super().get_changelist_form(request, **{**kwargs, "form": forms.ModelForm})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A default would come back with the next version: switch it off."""
        return False

    def save_model(self, request: HttpRequest, obj: WordingRule, form: Any, change: bool) -> None:
        save_rule(rule=obj, by=person(request))

    @admin.display(description="default")
    def default(self, rule: WordingRule) -> str:
        if rule.slug not in DEFAULTS:
            return "a rule of your own"
        return "differs from the default" if differs(rule) else "as it came"

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WordingRule]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[WordingRule]) -> None:
        self._switch(request, queryset, False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[WordingRule], is_active: bool) -> None:
        rules = list(queryset.exclude(is_active=is_active))
        for rule in rules:
            rule.is_active = is_active
            save_rule(rule=rule, by=person(request))
        self.message_user(request, f"{len(rules)} switched {'on' if is_active else 'off'}.")

    @admin.action(description="Take the default", permissions=["change"])
    def take_the_default(self, request: HttpRequest, queryset: QuerySet[WordingRule]) -> None:
        """Only where it differs; a switched-off rule stays switched off."""
        rules = [rule for rule in queryset if differs(rule)]
        for rule in rules:
            take_default(rule=rule, by=person(request))
        self.message_user(request, f"{len(rules)} took the default.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("try/", view(self.try_view), name="incidents_wordingrule_try"),
            path("<int:pk>/try/", view(self.try_view), name="incidents_wordingrule_try_one"),
            *super().get_urls(),
        ]

    def try_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Paste text, see its hints: by the list, and a rule as it is edited, before it is saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rule = get_object_or_404(WordingRule, pk=pk) if pk else None
        is_edited = "pattern" in request.POST
        rule_form = self._edited(request, rule) if is_edited else None
        form = TryForm(request.POST or None)
        sample = form.cleaned_data["sample"] if form.is_bound and form.is_valid() else ""
        edited = rule_form.instance if rule_form and rule_form.is_valid() else None
        hints = None
        if sample and (edited or not rule_form):
            hints = wording.remarks(sample, _book_with(edited))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Try “{edited or rule}”" if is_edited and rule else "Try the wording list",
            "opts": self.opts,
            "form": form,
            "rule": rule,
            "rule_form": rule_form,
            "edited": edited,
            "hints": hints,
            "pieces": _pieces(sample, hints or []),
            "save_url": reverse("admin:incidents_wordingrule_change", args=[pk])
            if pk
            else reverse("admin:incidents_wordingrule_add"),
        }
        return TemplateResponse(request, "admin/incidents/wordingrule/try.html", context)

    def _edited(self, request: HttpRequest, rule: WordingRule | None) -> WordingRuleForm:
        form = WordingRuleForm(request.POST, instance=rule)
        if rule is not None:
            del form.fields["slug"]
        return form


def _book_with(edited: WordingRule | None) -> wording.Book:
    rows = list(WordingRule.objects.filter(is_active=True).order_by("position", "slug"))
    if edited is not None:
        rows = [row for row in rows if row.slug != edited.slug]
        rows += [edited]
    return book_of(tuple(as_rule(row) for row in rows))


def _pieces(text: str, hints: list[wording.Remark]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is flagged."""
    pieces, last = [], 0
    for hint in hints:
        pieces += [(text[last : hint.offset], False), (hint.phrase, True)]
        last = hint.offset + len(hint.phrase)
    return [*pieces, (text[last:], False)]
