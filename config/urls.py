"""Every door of the product."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls)]

# While the rooms are being built, a door whose room is missing stays closed.
for prefix, module in [
    ("", "runner.urls"),
    ("hooks/", "intake.urls"),
    ("account/", "accounts.urls"),
    ("api/v1/", "config.api"),
    ("", "changes.urls"),
    ("", "incidents.urls"),
    ("", "analytics.urls"),
]:
    if find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
