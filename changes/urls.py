from django.urls import path

from changes import views

app_name = "changes"

urlpatterns = [
    path("changes/", views.change_list, name="list"),
    path("changes/<int:pk>/", views.change_detail, name="detail"),
    path("changes/<int:pk>/origin/", views.decide_origin, name="decide_origin"),
    path("changes/<int:pk>/kind/", views.decide_kind, name="decide_kind"),
    path("changes/<int:pk>/area/", views.decide_area, name="decide_area"),
    path("deployments/", views.deployment_list, name="deployments"),
    path("deployments/<int:pk>/", views.deployment_detail, name="deployment"),
    path("repositories/", views.repository_list, name="repositories"),
    path("repositories/<int:pk>/", views.repository_detail, name="repository"),
    path("services/<slug:slug>/", views.service_detail, name="service"),
]
