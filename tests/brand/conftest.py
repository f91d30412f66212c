"""What the tests of mail share."""

import pytest

from tests.brand.smtp import serving


@pytest.fixture
def mail_server(settings):
    """A mail server of the test's own, to which the site sends."""
    with serving() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
