import pytest
from django.urls import reverse

from advocacy_platform import demo
from advocates.models import Acceptance, Advocate, User
from brand.models import Agreement, Brand
from referrals import programs
from referrals.models import Acceptance as RulesAcceptance
from referrals.models import Link, Program
from rewards.models import PoolCode
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
    program = Program.objects.get()
    assert programs.live(NOON) == [program]
    assert (
        RulesAcceptance.objects.filter(terms__program=program).count()
        == Link.objects.filter(program=program).count()
        == 4
    )
    assert PoolCode.objects.filter(pool__name="Welcome, 10 % off", holder="").count() == 200


def test_shows_the_demos_promise_to_newcomers(client, db, settings):
    settings.DEBUG = True
    demo.load(NOON)

    page = client.get(reverse("landing"))

    assert "Give 10\u00a0%, get $15" in page.text
    assert (
        "Friends get 10\u00a0% off their first order of $30 or more; you get $15 in credit 14 days after it."
        in page.text
    )


def test_refuses_the_live_site(db, settings):
    settings.DEBUG = settings.SANDBOX = False

    with pytest.raises(demo.NotForRealPeople):
        demo.load(NOON)

    assert not User.objects.exists()
    assert not Brand.objects.exists()
