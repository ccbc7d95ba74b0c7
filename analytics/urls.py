from django.urls import path

from analytics.views import baseline, first_report, home, matrix, scenarios, signals, trend

app_name = "analytics"

urlpatterns = [
    path("", home.home, name="home"),
    path("demo/remove/", home.remove_demo, name="remove_demo"),
    path("definitions/", home.definitions, name="definitions"),
    path("repositories/<int:pk>/report/", first_report.page, name="report"),
    path("repositories/<int:pk>/report.json", first_report.as_json, name="report_json"),
    path("matrix/", matrix.page, name="matrix"),
    path("matrix.csv", matrix.as_csv, name="matrix_csv"),
    path("matrix.json", matrix.as_json, name="matrix_json"),
    path("matrix/changes/", matrix.changes, name="matrix_changes"),
    path("baseline/", baseline.page, name="baseline"),
    path("baseline.csv", baseline.as_csv, name="baseline_csv"),
    path("baseline.json", baseline.as_json, name="baseline_json"),
    path("trend/", trend.page, name="trend"),
    path("trend.csv", trend.as_csv, name="trend_csv"),
    path("trend.json", trend.as_json, name="trend_json"),
    path("signals/", signals.page, name="signals"),
    path("signals.json", signals.as_json, name="signals_json"),
    path("signals/<int:pk>/", signals.detail, name="signal"),
    path("signals/<int:pk>/review/", signals.review, name="signal_review"),
    path("safeguards/", signals.safeguard_list, name="safeguards"),
    path("safeguards/new/", signals.adopt, name="safeguard_new"),
    path("safeguards/<int:pk>/", signals.safeguard, name="safeguard"),
    path("safeguards/<int:pk>/end/", signals.end, name="safeguard_end"),
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
