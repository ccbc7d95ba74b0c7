"""Two people wrote the same words: both texts side by side, neither is lost, and one page settles it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from incidents.forms import FactsForm
from incidents.models import TIMES, Incident
from incidents.services.refusals import Conflict

SECTION = "section_"
# What the page itself sends; everything else is what was typed before, carried along unseen.
OWN = {"csrfmiddlewaretoken", "keep"}
# Facts that are prose, so that two of them may stand one below the other.
PROSE = {"summary"}


def conflict_page(
    request: HttpRequest,
    incident: Incident,
    conflict: Conflict,
    *,
    back: str,
    titles: Mapping[str, str] | None = None,
    typed: QueryDict | None = None,
) -> HttpResponse:
    """With `typed`, the page settles it: mine, theirs or both. Else it shows both texts to copy from."""
    titles = titles or {}
    both = [
        {
            "key": key,
            "title": titles.get(key) or key.removesuffix("_at").replace("_", " ").capitalize(),
            "theirs": _shown(key, theirs),
            "yours": _shown(key, conflict.yours[key]),
            "is_prose": key in titles or key in PROSE,
        }
        for key, theirs in conflict.theirs.items()
    ]
    carried = [] if typed is None else _carried(typed, set(conflict.theirs))
    context = {
        "incident": incident,
        "both": both,
        "back": back,
        "carried": carried,
        "settles": typed is not None,
        "version": incident.postmortem.version,
    }
    response = render(request, "incidents/conflict.html", context, status=409)
    if request.headers.get("HX-Request"):
        # htmx puts nothing into the page that is not a success: show the whole answer in the page's place.
        response.status_code = 200
        response["HX-Retarget"], response["HX-Reselect"], response["HX-Reswap"] = (
            "#content",
            "#content",
            "outerHTML",
        )
    return response


def _shown(key: str, told: str) -> str:
    """A time in the reader's zone, with the zone; anything else as it is."""
    if key not in TIMES or not told:
        return told
    return date_format(timezone.localtime(datetime.fromisoformat(told)), "D j M Y, H:i:s T")


def _carried(typed: QueryDict, keys: set[str]) -> list[tuple[str, str]]:
    dropped = OWN | {"version"} | {f"{kind}_{key}" for kind in ("keep", "theirs") for key in keys}
    return [(name, str(value)) for name, values in typed.lists() if name not in dropped for value in values]


def settled(told: QueryDict, incident: Incident) -> QueryDict:
    """What was typed, with each disputed text as was chosen. Facts count as seen: nobody is asked again,
    unless somebody altered them once more meanwhile.
    """
    data = told.copy()
    shown: Any = None
    for name in list(told):
        key = name.removeprefix("keep_")
        if key == name:
            continue
        if f"{SECTION}{key}" in told:
            mine = told.get(f"{SECTION}{key}", "")
            data[f"{SECTION}{key}"] = _chosen(told.get(name, ""), mine, told.get(f"theirs_{key}", ""))
            continue
        shown = shown or FactsForm(incident=incident)
        if key not in shown.fields:
            continue
        now = _as_sent(shown, key)
        data.setlist(f"initial-{key}", now)
        if told.get(name) == "theirs":
            data.setlist(key, now)
        elif told.get(name) == "both" and key in PROSE:
            data[key] = _chosen("both", told.get(key, ""), getattr(incident, key))
    return data


def _chosen(choice: str, mine: str, theirs: str) -> str:
    return {"theirs": theirs, "both": f"{theirs}\n\n{mine}"}.get(choice, mine)


def _as_sent(form: FactsForm, name: str) -> list[str]:
    """The value that stands now, as a browser would send it back."""
    value = form[name].value()
    values = value if isinstance(value, list) else [value]
    widget = form.fields[name].widget
    return [str(widget.format_value(one) or "") if one is not None else "" for one in values]
