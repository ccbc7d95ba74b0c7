from django.urls import path

from accounts import notices_views as views

app_name = "notices"

urlpatterns = [
    path("", views.page, name="list"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/", views.follow, name="follow"),
    path("<int:pk>/read/", views.read, name="read"),
]
