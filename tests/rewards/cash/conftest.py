import pytest

from tests.factories import make_staff
from tests.rewards.cash.cash import BANK, Bank


@pytest.fixture
def eva(db):
    """Eva, who makes payouts as well."""
    return make_staff("eva", "program manager")


@pytest.fixture
def bank(settings):
    """A vendor that pays, in the place of people at a desk."""
    Bank.open()
    settings.PAYOUT_PROVIDER = BANK
    return Bank
