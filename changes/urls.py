from django.urls import path

from changes.views import areas, changes, deployments, policies, repositories, reviewed, said

app_name = "changes"

urlpatterns = [
    path("changes/", changes.change_list, name="list"),
    path("changes/<int:pk>/", changes.change_detail, name="detail"),
    path("changes/<int:pk>/origin/", said.decide_origin, name="decide_origin"),
    path("changes/<int:pk>/kind/", said.decide_kind, name="decide_kind"),
    path("changes/<int:pk>/area/", said.decide_area, name="decide_area"),
    path("changes/<int:pk>/feature/", said.decide_feature, name="decide_feature"),
    path("changes/<int:pk>/links/<int:link>/", said.decide_link, name="decide_link"),
    path("changes/<int:pk>/size-exception/", reviewed.size_exception, name="size_exception"),
    path("changes/<int:pk>/care/", reviewed.answer_care, name="answer_care"),
    path("care/<str:token>/", reviewed.care, name="care"),
    path("deployments/", deployments.deployment_list, name="deployments"),
    path("deployments/<int:pk>/", deployments.deployment_detail, name="deployment"),
    path("deployments/<int:pk>/kind/", deployments.say_kind, name="deployment_kind"),
    path("repositories/", repositories.repository_list, name="repositories"),
    path("repositories/<int:pk>/", repositories.repository_detail, name="repository"),
    path("repositories/<int:pk>/areas/", repositories.take_suggested_areas, name="take_areas"),
    path("repositories/<int:pk>/services/", repositories.take_suggested_services, name="take_services"),
    path("repositories/<int:pk>/path-classes/", repositories.keep_path_class, name="keep_path_class"),
    path("repositories/<int:pk>/place-again/", repositories.place_again, name="place_again"),
    path("repositories/<int:pk>/policies/", policies.policy_list, name="policies"),
    path("repositories/<int:pk>/policies/new/", policies.policy_new, name="policy_new"),
    path("repositories/<int:pk>/policies/<int:policy>/", policies.policy_detail, name="policy"),
    path("repositories/<int:pk>/policies/<int:policy>/broken.csv", policies.policy_csv, name="policy_csv"),
    path("repositories/<int:pk>/policies/<int:policy>/end/", policies.policy_end, name="policy_end"),
    path("repositories/<int:pk>/policies/<int:policy>/revoke/", policies.policy_revoke, name="policy_revoke"),
    path("services/<slug:slug>/", repositories.service_detail, name="service"),
    path("services/<slug:slug>/incidents/", repositories.say_reporting, name="service_reporting"),
    path("areas/", areas.area_list, name="areas"),
    path("areas/<slug:slug>/", areas.area_detail, name="area"),
]
