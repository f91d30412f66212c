"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from advocacy_platform import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("home/", views.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
