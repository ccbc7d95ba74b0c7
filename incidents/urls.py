"""Doors of incidents, postmortems, lessons and actions."""

from django.urls import path

from incidents.views import (
    ageing,
    calendar,
    hints,
    incidents,
    outcomes,
    postmortem,
    reading,
    reviewing,
    revisions,
    timeline,
)

app_name = "incidents"

urlpatterns = [
    path("calendar/<str:key>.ics", calendar.feed, name="calendar"),
    path("incidents/", incidents.incident_list, name="list"),
    path("incidents/report/", incidents.report, name="report"),
    path("incidents/<int:number>/", incidents.detail, name="detail"),
    path("incidents/<int:number>/edit/", incidents.edit, name="edit"),
    path("incidents/<int:number>/status/", incidents.set_status, name="set_status"),
    path("incidents/<int:number>/close/", incidents.close, name="close"),
    path("incidents/<int:number>/reopen/", incidents.reopen, name="reopen"),
    path("incidents/<int:number>/duplicate/", incidents.mark_duplicate, name="mark_duplicate"),
    path("incidents/<int:number>/access/", incidents.access, name="access"),
    path("incidents/<int:number>/postmortem/", reading.postmortem_page, name="postmortem"),
    path("incidents/<int:number>/postmortem.md", reading.postmortem_markdown, name="postmortem_markdown"),
    path("incidents/<int:number>/postmortem.json", reading.postmortem_json, name="postmortem_json"),
    path("incidents/<int:number>/postmortem/start/", postmortem.start, name="start"),
    path("incidents/<int:number>/postmortem/not-required/", postmortem.not_required, name="not_required"),
    path("incidents/<int:number>/postmortem/required/", postmortem.require, name="require"),
    path("incidents/<int:number>/postmortem/revise/", postmortem.revise, name="revise"),
    path("incidents/<int:number>/postmortem/review/", postmortem.review, name="review"),
    path("incidents/<int:number>/timeline/paste/", timeline.paste, name="paste"),
    path("incidents/<int:number>/postmortem/reviews/", reviewing.reviews, name="reviews"),
    path("incidents/<int:number>/postmortem/revisions/", revisions.revision_list, name="revisions"),
    path("incidents/<int:number>/postmortem/revisions/<int:revision>/", revisions.revision, name="revision"),
    path(
        "incidents/<int:number>/postmortem/revisions/<int:revision>/restore/",
        revisions.restore,
        name="restore",
    ),
    path("incidents/<int:number>/postmortem/<slug:step>/", postmortem.step, name="step"),
    path("incidents/<int:number>/postmortem/<slug:step>/draft/", postmortem.keep_draft, name="keep_draft"),
    path("wording/hints/", hints.hints, name="hints"),
    path("lessons/", outcomes.lesson_list, name="lessons"),
    path("lessons/<int:pk>/", outcomes.lesson_detail, name="lesson"),
    path("lessons/<int:pk>/edit/", outcomes.lesson_edit, name="lesson_edit"),
    path("lessons/<int:pk>/state/", outcomes.lesson_state, name="lesson_state"),
    path("actions/", outcomes.action_list, name="actions"),
    path("actions/<int:pk>/", outcomes.action_detail, name="action"),
    path("actions/ageing/", ageing.ageing_page, name="ageing"),
    path("actions/ageing.csv", ageing.ageing_csv, name="ageing_csv"),
    path("actions/ageing.json", ageing.ageing_json, name="ageing_json"),
]
