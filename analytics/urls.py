from django.urls import path

from analytics.views import home, matrix, scenarios

app_name = "analytics"

urlpatterns = [
    path("", home.home, name="home"),
    path("demo/remove/", home.remove_demo, name="remove_demo"),
    path("definitions/", home.definitions, name="definitions"),
    path("matrix/", matrix.page, name="matrix"),
    path("matrix.csv", matrix.as_csv, name="matrix_csv"),
    path("matrix.json", matrix.as_json, name="matrix_json"),
    path("matrix/changes/", matrix.changes, name="matrix_changes"),
    path("scenarios/", scenarios.scenario_list, name="scenarios"),
    path("scenarios/new/", scenarios.create, name="scenario_new"),
    path("scenarios/from-lesson/<int:lesson_id>/", scenarios.from_lesson, name="scenario_from_lesson"),
    path("scenarios.feature", scenarios.export, name="scenarios_feature"),
    path("scenarios.zip", scenarios.export_by_area, name="scenarios_zip"),
    path("scenarios/<int:number>.feature", scenarios.export_one, name="scenario_feature"),
    path("scenarios/<int:number>/", scenarios.detail, name="scenario"),
    path("scenarios/<int:number>/edit/", scenarios.edit, name="scenario_edit"),
    path("scenarios/<int:number>/state/", scenarios.set_state, name="scenario_state"),
]
