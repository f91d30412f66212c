"""What tests of the customers share: threads with connections of their own, and a shop."""

import pytest

from tests.factories import make_source
from tests.spine.conftest import together  # noqa: F401


@pytest.fixture
def shop(db):
    """A shop that is connected."""
    return make_source("shop")
