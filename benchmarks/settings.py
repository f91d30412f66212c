"""The site's settings, with one more address: a view that does nothing."""

from advocacy_platform.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
# No static files are collected for a site that lives as long as a benchmark.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
