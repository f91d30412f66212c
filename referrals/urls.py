"""The addresses of programs, links and conversions."""

from django.urls import URLPattern

app_name = "referrals"

urlpatterns: list[URLPattern] = []
