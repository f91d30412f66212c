"""The addresses of schemes and pools."""

from django.urls import URLPattern

app_name = "rewards"

urlpatterns: list[URLPattern] = []
