"""Every door of the product."""

from django.contrib import admin
from django.urls import include, path

from runner import views as runner

urlpatterns = [
    path("healthz", runner.healthz, name="healthz"),
    path("readyz", runner.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("hooks/", include("intake.urls")),
    path("account/", include("accounts.urls")),
    path("notifications/", include("accounts.notices_urls")),
    path("api/v1/", include("config.api")),
    path("", include("changes.urls")),
    path("", include("incidents.urls")),
    path("", include("analytics.urls")),
]

# Below /api/ as application/problem+json, elsewhere as pages.
handler400 = "accounts.problems.bad_request"
handler403 = "accounts.problems.permission_denied"
handler404 = "accounts.problems.not_found"
handler500 = "accounts.problems.server_error"
