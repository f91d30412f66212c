import pytest

from tests.factories import make_staff
from tests.rewards.catalogue.shelf import Shop
from tests.spine.conftest import together  # noqa: F401


@pytest.fixture
def shop(httpserver, settings):
    """A shop that books store credit."""
    return Shop(httpserver, settings)


@pytest.fixture
def eva(db):
    """Eva, who hands out what people took."""
    return make_staff("eva", "program manager")
