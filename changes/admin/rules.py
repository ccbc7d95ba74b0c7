"""Detection rules: edited with a check by RE2, and tried out on pasted text before anything rests on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from changes.admin.terms import person
from changes.facts import Identity
from changes.models import Change, DetectionRule, Origin, OriginEvidence, Strength
from changes.origin import Evidence, Material, UnsafePattern, Verdict, compiled, detect, weigh
from changes.queries.rereading import progress
from changes.rule_defaults import DEFAULTS, differs
from changes.services.rulebook import save_rule, take_default
from changes.services.rules import current_rules
from changes.starter_rules import VERSION

if TYPE_CHECKING:
    RuleBase = admin.ModelAdmin[DetectionRule]
    RuleModelForm = forms.ModelForm[DetectionRule]
else:
    RuleBase = admin.ModelAdmin
    RuleModelForm = forms.ModelForm

MOST_EXAMPLE = 300
IDENTITY = re.compile(r"^\s*(?P<name>.*?)\s*<(?P<email>[^<>]*)>\s*$")


class Lines(forms.CharField):
    """One entry on each line; a line break inside an entry is written as \\n."""

    widget = forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(one.replace("\n", "\\n") for one in value)
        return value

    def to_python(self, value: Any) -> Any:
        lines = str(value or "").replace("\r\n", "\n").split("\n")
        return [line.strip().replace("\\n", "\n") for line in lines if line.strip()]

    def clean(self, value: Any) -> Any:
        found = self.to_python(value)
        if any(len(one) > MOST_EXAMPLE for one in found):
            raise forms.ValidationError(f"An entry is longer than {MOST_EXAMPLE} characters.")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class RuleForm(RuleModelForm):
    examples = Lines(required=False, help_text="One on each line: the pattern has to match it.")
    negatives = Lines(
        required=False,
        label="Look-alikes",
        help_text="One on each line: what looks like it and is something else.",
    )

    class Meta:
        model = DetectionRule
        fields = "__all__"
        widgets = {
            "pattern": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField", "spellcheck": "false"}),
            "proves": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        }

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        try:
            compiled(pattern)
        except UnsafePattern as error:
            raise forms.ValidationError(f"RE2 does not accept this pattern: {error}") from error
        return pattern

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("origin") and not cleaned.get("is_automation"):
            self.add_error("origin", "Say what a match proves, or tick that it is an automation.")
        silent = [one for one in cleaned.get("examples") or [] if not _matches(cleaned.get("pattern"), one)]
        if cleaned.get("pattern") and silent:
            self.add_error("examples", f"The pattern does not match its own example “{silent[0]}”.")
        taken_in = [one for one in cleaned.get("negatives") or [] if _matches(cleaned.get("pattern"), one)]
        if taken_in:
            self.add_error("negatives", f"The pattern matches its look-alike “{taken_in[0]}”.")
        return cleaned


def _matches(pattern: str | None, text: str) -> bool:
    return bool(pattern and compiled(pattern).search(text))


class TryForm(forms.Form):
    author = forms.CharField(
        required=False,
        max_length=300,
        label="Author",
        widget=forms.TextInput(attrs={"size": 60}),
        help_text="As git shows it: Name <address>",
    )
    message = forms.CharField(
        required=False,
        max_length=64 * 1024,
        label="Commit message or description",
        widget=forms.Textarea(attrs={"rows": 12, "cols": 84, "spellcheck": "false"}),
        help_text="First line, body and trailers, as they would arrive.",
    )
    branch = forms.CharField(required=False, max_length=250)
    labels = forms.CharField(required=False, max_length=500, help_text="Separated by commas.")

    def material(self) -> Material:
        said = self.cleaned_data
        title, _, body = said["message"].replace("\r\n", "\n").partition("\n")
        return Material(
            title=title,
            message=body.strip(),
            author=_identity(said["author"]),
            branch=said["branch"],
            labels=tuple(label.strip() for label in said["labels"].split(",") if label.strip()),
        )


def _identity(line: str) -> Identity | None:
    if not line.strip():
        return None
    match = IDENTITY.match(line)
    return Identity(name=match["name"], email=match["email"]) if match else Identity(name=line.strip())


@dataclass(frozen=True)
class Trial:
    """What came of trying: nothing of it is stored."""

    evidence: list[Evidence]
    verdict: Verdict

    @property
    def origin(self) -> str:
        return str(Origin(self.verdict.origin).label)

    @property
    def basis(self) -> str:
        return str(Change.OriginBasis(self.verdict.basis).label)

    @property
    def is_automation(self) -> bool:
        return any(one.is_automation for one in self.evidence)


@admin.register(DetectionRule)
class DetectionRuleAdmin(RuleBase):
    form = RuleForm
    change_list_template = "admin/changes/detectionrule/change_list.html"
    list_display = ("key", "place", "shown_proof", "confidence", "matches", "is_active", "version", "default")
    list_filter = ("is_active", "place", "origin", "strength", "confidence")
    list_select_related = ("assistant", "kind")
    search_fields = ("key", "pattern", "proves", "assistant__name")
    list_per_page = 200
    actions = ("switch_on", "switch_off", "take_the_default")
    readonly_fields = ("version", "is_builtin", "examples_now", "matches", "default")
    fieldsets = (
        (None, {"fields": ("key", "version", "is_active", "is_builtin", "default")}),
        (
            "What it looks for",
            {"fields": ("place", "pattern", "examples", "negatives", "examples_now", "matches")},
        ),
        (
            "What a match means",
            {
                "fields": (
                    "origin",
                    "strength",
                    "confidence",
                    "is_automation",
                    "assistant",
                    "kind",
                    "proves",
                )
            },
        ),
        ("Where it stands", {"fields": ("position", "source_url")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DetectionRule]:
        found = OriginEvidence.objects.filter(rule_key=OuterRef("key")).order_by().values("rule_key")
        total = found.annotate(total=Count("change", distinct=True)).values("total")
        return super().get_queryset(request).annotate(match_total=Coalesce(Subquery(total), 0))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key", *self.readonly_fields) if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Evidence names the rule that found it, and the rules' version only ever rises: switch it off."""
        return False

    def save_model(self, request: HttpRequest, obj: DetectionRule, form: Any, change: bool) -> None:
        save_rule(rule=obj, by=person(request))

    @admin.display(description="proves", ordering="origin")
    def shown_proof(self, rule: DetectionRule) -> str:
        words = ["an automation" if rule.is_automation else str(rule.get_origin_display())]
        words += [str(one) for one in (rule.assistant, rule.kind) if one]
        return ", ".join(words) + ("; only suggests" if rule.strength == Strength.WEAK else "")

    @admin.display(description="default")
    def default(self, rule: DetectionRule) -> str:
        if not rule.is_builtin or rule.key not in DEFAULTS:
            return "a rule of your own"
        if differs(rule):
            return f"differs from the default of version {VERSION}"
        return f"as in version {VERSION}"

    @admin.display(description="changes", ordering="match_total")
    def matches(self, rule: DetectionRule) -> int:
        return int(getattr(rule, "match_total", 0))

    @admin.display(description="Examples now")
    def examples_now(self, rule: DetectionRule) -> SafeString | str:
        if not rule.examples:
            return "none given"
        lines = [
            ("matches" if _matches(rule.pattern, one) else "does NOT match", one) for one in rule.examples
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: <code>{}</code></li>", lines))

    @admin.action(description="Take the default", permissions=["change"])
    def take_the_default(self, request: HttpRequest, queryset: QuerySet[DetectionRule]) -> None:
        """Only where it differs; a switched-off rule stays switched off."""
        rules = [rule for rule in queryset if differs(rule)]
        for rule in rules:
            take_default(rule=rule, by=person(request))
        self.message_user(request, f"{len(rules)} took the default of version {VERSION}.")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"progress": progress(), **(extra_context or {})})

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[DetectionRule]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[DetectionRule]) -> None:
        self._switch(request, queryset, False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[DetectionRule], is_active: bool) -> None:
        rules = list(queryset.exclude(is_active=is_active))
        for rule in rules:
            rule.is_active = is_active
            save_rule(rule=rule, by=person(request))
        self.message_user(request, f"{len(rules)} switched {'on' if is_active else 'off'}.")

    def get_urls(self) -> list[URLPattern]:
        try_out = path("try/", self.admin_site.admin_view(self.try_view), name="changes_detectionrule_try")
        return [try_out, *super().get_urls()]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Paste what a change would bring; see which rules match and what they amount to."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TryForm(request.POST or None)
        trial = None
        if form.is_bound and form.is_valid():
            evidence = detect(form.material(), current_rules().book)
            trial = Trial(evidence, weigh(evidence))
        rules = list(DetectionRule.objects.filter(is_active=True))
        failing = [
            (rule, example)
            for rule in rules
            for example in rule.examples
            if not _matches(rule.pattern, example)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Try the detection rules",
            "opts": self.opts,
            "form": form,
            "trial": trial,
            "rule_count": len(rules),
            "example_count": sum(len(rule.examples) for rule in rules),
            "failing": failing,
        }
        return TemplateResponse(request, "admin/changes/detectionrule/try.html", context)
