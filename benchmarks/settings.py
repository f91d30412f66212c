"""The site's settings, with one more address: a view that does nothing."""

from advocacy_platform.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
