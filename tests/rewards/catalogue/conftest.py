import pytest

from tests.factories import make_staff
from tests.rewards.catalogue.shelf import Shop


@pytest.fixture
def shop(httpserver, settings):
    """A shop that books store credit."""
    return Shop(httpserver, settings)


@pytest.fixture
def eva(db):
    """Eva, who hands out what people took."""
    return make_staff("eva", "program manager")
