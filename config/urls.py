"""Every door of the product."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from runner import views as runner

urlpatterns = [
    path("healthz", runner.healthz, name="healthz"),
    path("readyz", runner.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]

# While the rooms are being built, a door whose room is missing stays closed.
for prefix, module in [
    ("hooks/", "intake.urls"),
    ("account/", "accounts.urls"),
    ("api/v1/", "config.api"),
    ("", "changes.urls"),
    ("", "incidents.urls"),
    ("", "analytics.urls"),
]:
    if find_spec(module):
        urlpatterns.append(path(prefix, include(module)))

# Below /api/ as application/problem+json, elsewhere as pages.
handler400 = "accounts.problems.bad_request"
handler403 = "accounts.problems.permission_denied"
handler404 = "accounts.problems.not_found"
handler500 = "accounts.problems.server_error"
