"""Every address of the API, below /api/; what is not here answers a JSON 404."""

from django.urls import path, re_path

from advocacy_platform import api_views
from advocates.api import Me

app_name = "api"

urlpatterns = [
    path("v1/", api_views.Root.as_view(), name="root"),
    path("v1/me", Me.as_view(), name="me"),
    path("v1/audit", api_views.Audit.as_view(), name="audit"),
    path("v1/key", api_views.Key.as_view(), name="key"),
    path("v1/events", api_views.Events.as_view(), name="events"),
    re_path(r"", api_views.Nowhere.as_view()),
]
