from django.urls import path

from intake import views

app_name = "intake"
urlpatterns = [path("<slug:slug>/", views.receive, name="receive")]
