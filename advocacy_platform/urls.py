"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from advocacy_platform import api_views, media, privacy_views, views
from advocacy_platform.manage import invitation

urlpatterns = [
    path("", views.landing, name="landing"),
    path("home/", views.home, name="home"),
    path("patterns/", views.patterns, name="patterns"),
    path("", include("advocates.urls")),
    path("staff/invitation/<str:token>/", invitation.invitation, name="staff_invitation"),
    path("staff/second-factor/", invitation.second_factor, name="staff_second_factor"),
    path("manage/", include("advocacy_platform.manage_urls")),
    path("account/privacy/", privacy_views.overview, name="privacy"),
    path("account/privacy/download/", privacy_views.download, name="privacy_download"),
    path("account/privacy/erase/", privacy_views.erase, name="privacy_erase"),
    path("goodbye/", privacy_views.goodbye, name="goodbye"),
    path("media/<path:name>", media.picture, name="media"),
    path("admin/", admin.site.urls),
    path("api/", include("advocacy_platform.api_urls")),
    path("api", api_views.Nowhere.as_view()),
    path("", include("integrations.urls")),
    path("", include("referrals.urls")),
    path("", include("rewards.urls")),
    path("", include("brand.urls")),
    path("dev/", include("advocacy_platform.dev_urls")),
]

# What a mail provider tells us about messages that it could not deliver; its signature is this secret.
if "WEBHOOK_SECRET" in settings.ANYMAIL:
    urlpatterns.append(path("webhooks/mail/", include("anymail.urls")))

handler400 = "advocacy_platform.errors.bad_request"
handler403 = "advocacy_platform.errors.forbidden"
handler404 = "advocacy_platform.errors.not_found"
handler500 = "advocacy_platform.errors.server_error"
