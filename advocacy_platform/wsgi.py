"""The web process: links are answered in front of Django, all else by it."""

import os

os.environ.setdefault("ADVOCACY_PROCESS", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy_platform.settings")

from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()

# It reads the settings, so it comes after them.
from referrals.redirect import Redirect  # noqa: E402

application = Redirect(_django)
