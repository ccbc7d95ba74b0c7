from django.urls import path

from accounts import mail_views, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("link/<str:token>/", views.link, name="link"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password, name="password"),
    path("mail/", mail_views.wishes, name="mail"),
    path("calendar/", mail_views.calendar, name="calendar"),
    path("mail/<slug:topic>/", mail_views.wish, name="mail_wish"),
    path("mail/address/<str:token>/", mail_views.address, name="mail_address"),
    path("mail/stop/<str:token>/", mail_views.stop, name="mail_stop"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<str:identifier>/revoke/", views.revoke_token, name="revoke_token"),
]
