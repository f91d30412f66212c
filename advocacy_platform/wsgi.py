"""The web process."""

import os

os.environ.setdefault("ADVOCACY_PROCESS", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy_platform.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
