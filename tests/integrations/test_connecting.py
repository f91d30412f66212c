from datetime import timedelta

import pytest

from integrations import connecting
from integrations.models import Connection
from spine.models import AuditEntry
from tests.factories import NOON, make_source
from tests.integrations.signing import ACTOR, SECRETS, make_connection


def test_connects_a_shop_once(db):
    source = make_source()
    connecting.connect(source, "stripe", ACTOR, NOON)

    with pytest.raises(connecting.AlreadySigned) as refusal:
        connecting.connect(source, "shopify", ACTOR, NOON)

    assert refusal.value.detail == "This shop delivers by Stripe already."
    assert Connection.objects.get().vendor == "stripe"
    assert list(AuditEntry.objects.values_list("verb", "subject_id")) == [("connection.made", "shop")]


@pytest.mark.parametrize("vendor", ["stripe", "woocommerce", "generic"])
def test_keeps_no_secret_in_clear(db, vendor):
    connection, secret = make_connection(vendor)

    assert secret not in connection.secret
    assert connecting.believed(connection, NOON) == [secret]


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "sk_live_0123456789abcdef", "whsec_with space in it and more", "x" * 200]
)
def test_refuses_what_stripe_would_not_make(db, secret):
    connection, known = make_connection("stripe")

    with pytest.raises(connecting.BadSecret):
        connecting.enter_secret(connection, secret, ACTOR, NOON)

    connection.refresh_from_db()
    assert connecting.believed(connection, NOON) == [known]


def test_takes_a_secret_with_space_around_it(db):
    connection, _known = make_connection("stripe")

    connecting.enter_secret(connection, " whsec_another_secret_of_theirs\n", ACTOR, NOON)

    connection.refresh_from_db()
    assert connecting.believed(connection, NOON)[0] == "whsec_another_secret_of_theirs"


def test_keeps_the_former_secret_where_the_same_is_entered_again(db):
    connection, known = make_connection("stripe")
    connecting.enter_secret(connection, "whsec_another_secret_of_theirs", ACTOR, NOON)

    with pytest.raises(connecting.SameSecret):
        connecting.enter_secret(connection, "whsec_another_secret_of_theirs", ACTOR, NOON + timedelta(days=1))

    connection.refresh_from_db()
    assert connecting.believed(connection, NOON) == ["whsec_another_secret_of_theirs", known]
    assert connection.former_until == NOON + connecting.OVERLAP


def test_believes_nothing_that_another_key_sealed(db, settings):
    connection, _secret = make_connection("stripe")

    settings.IDENTITY_KEY = "another key of thirty-two characters or more"

    assert connecting.believed(connection, NOON) == []
    connecting.enter_secret(connection, SECRETS["stripe"], ACTOR, NOON)
