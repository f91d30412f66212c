"""The site with the address of its mail provider's webhooks, which it has once their secret is set."""

from django.urls import include, path

from advocacy_platform.urls import urlpatterns as site

urlpatterns = [*site, path("webhooks/mail/", include("anymail.urls"))]
