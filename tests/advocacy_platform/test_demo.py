import pytest

from advocacy_platform import demo
from advocates.models import Acceptance, Advocate, User
from brand.models import Agreement, Brand
from tests.factories import NOON


def test_loads_a_brand_and_people_once(db, settings):
    settings.DEBUG = True

    first, second = demo.load(NOON), demo.load(NOON)

    assert (first, second) == (True, False)
    assert Brand.current().name == "Halden Coffee"
    assert list(Agreement.objects.values_list("version", flat=True)) == [1]
    assert sorted(User.objects.values_list("email", "is_staff")) == [
        ("ada@example.com", True),
        ("ben@example.com", False),
        ("cleo@example.com", False),
        ("mika@example.com", True),
    ]
    assert Advocate.objects.count() == Acceptance.objects.filter(version=1).count() == 4


def test_refuses_the_live_site(db, settings):
    settings.DEBUG = settings.SANDBOX = False

    with pytest.raises(demo.NotForRealPeople):
        demo.load(NOON)

    assert not User.objects.exists()
    assert not Brand.objects.exists()
