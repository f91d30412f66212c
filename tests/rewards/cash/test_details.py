from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from advocates import suspending
from brand.models import Message
from rewards import people
from rewards.cash import details, iban
from rewards.cash.details import WAIT, BadIban, Destination, NothingToUndo, TooShort
from rewards.models import PayoutDetails
from spine import clock
from spine.models import AuditEntry
from tests.advocacy_platform.test_privacy import fresh
from tests.conftest import sign_in
from tests.factories import NOON
from tests.rewards.cash.cash import ACTOR, IBAN, LATER, enter, everything

PAGE = reverse("rewards:payout_details")
OTHER = "GB82 WEST 1234 5698 7654 32"


def standing(advocate):
    return details.standing(advocate.person)


def token(number=-1):
    text = list(Message.objects.filter(key__startswith="payout_details:").order_by("pk"))[number].text
    return text.partition("/payouts/details/undo/")[2].partition("/")[0]


def undo(number=-1, at=NOON):
    return details.undo(details.found(token(number), at), ("person", "test"), at)


@pytest.mark.parametrize(
    "number", ["DE89 3704 0044 0532 0130 00", "gb82-west-1234-5698-7654-32", "IBAN: NO9386011117947"]
)
def test_knows_an_iban(number):
    assert iban.looks_like(number)
    assert iban.is_valid(number)


@pytest.mark.parametrize(
    "number", ["DE89 3704 0044 0532 0130 01", "DE98 3704 0044 0532 0130 00", "GB82 TEST 1234 5698 7654 32"]
)
def test_knows_an_iban_with_a_typing_error(number):
    assert iban.looks_like(number)
    assert not iban.is_valid(number)


@pytest.mark.parametrize(
    "words", ["Routing 021000021, account 123456789", "UPI cleo@okbank", "", "DE89", "٤٢", "DE" + "8" * 60]
)
def test_takes_other_words_for_no_iban(words):
    assert not iban.looks_like(words)


def test_keeps_details_sealed_and_shows_their_end(cleo):
    entered = enter(cleo)

    assert (entered.kind, entered.ending, entered.usable_at) == ("iban", "3000", NOON + WAIT)
    assert "DE89" not in entered.sealed
    assert "Cleo" not in entered.sealed
    assert details.read(entered) == Destination("Cleo Marchetti", "DE89370400440532013000")
    assert AuditEntry.objects.get().verb == "payout_details.entered"


def test_takes_any_countrys_account_in_words(cleo):
    entered = enter(cleo, "Routing 021000021\nAccount 123456789, First Bank, USA")

    assert (entered.kind, entered.ending) == ("words", " USA")
    assert details.read(entered).account.startswith("Routing 021000021\n")


@pytest.mark.parametrize(
    ("account", "holder", "refusal"),
    [("DE89 3704 0044 0532 0130 01", "Cleo", BadIban), ("short", "Cleo", TooShort), (IBAN, "  ", TooShort)],
)
def test_refuses_what_nobody_could_be_paid_by(cleo, account, holder, refusal):
    enter(cleo)
    before = everything()

    with pytest.raises(refusal):
        enter(cleo, account, holder, LATER)

    assert everything() == before
    assert (AuditEntry.objects.count(), Message.objects.count()) == (1, 1)


def test_refuses_a_suspended_advocate_and_nobody(cleo, ben):
    suspending.suspend(cleo.person, ACTOR, "Spam", NOON)
    ben.delete()
    before = everything()

    with pytest.raises(suspending.Suspended):
        enter(cleo)
    with pytest.raises(people.NoAdvocate):
        enter(ben)

    assert everything() == before
    assert Message.objects.count() == 0


def test_keeps_what_was_there_before(cleo):
    first = enter(cleo)

    second = enter(cleo, OTHER, at=LATER)

    first.refresh_from_db()
    assert (first.superseded_at, second.superseded_at, second.replaces) == (LATER, None, first)
    assert standing(cleo) == second


def test_the_database_refuses_two_that_stand(cleo):
    first = enter(cleo)

    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutDetails.objects.create(person=cleo.person, kind="iban", entered_at=NOON, usable_at=NOON)

    assert standing(cleo) == first


def test_writes_to_the_address_on_file_without_the_account(cleo):
    enter(cleo)

    message = Message.objects.get()
    assert message.to == cleo.user.email
    assert message.is_transactional
    assert "3000" in message.text
    for kept in ("DE89370400440532013000", "3704"):
        assert kept not in message.text + message.html


def test_undoing_puts_back_what_stood_before_as_it_stood(cleo):
    first = enter(cleo)
    changed = enter(cleo, OTHER, at=LATER)

    restored = undo(at=LATER)

    changed.refresh_from_db()
    assert changed.undone_at == LATER
    assert standing(cleo) == restored
    assert (restored.ending, restored.usable_at) == ("3000", first.usable_at)
    assert details.read(restored) == details.read(first)


def test_undoing_the_first_leaves_none(cleo):
    enter(cleo)

    assert undo() is None
    assert standing(cleo) is None


def test_undoing_one_takes_back_every_later_one(cleo):
    enter(cleo)
    enter(cleo, OTHER, at=LATER)
    enter(cleo, "Somebody else's account", at=LATER)

    restored = undo(1, at=LATER)

    assert restored.ending == "3000"
    before = everything()
    with pytest.raises(NothingToUndo):
        undo(2, at=LATER)
    assert everything() == before


def test_undoes_nothing_twice_nor_a_month_later_nor_by_another_link(cleo):
    enter(cleo)
    before = everything()

    with pytest.raises(NothingToUndo):
        undo(at=NOON + details.UNDOABLE)
    with pytest.raises(NothingToUndo):
        details.found(token() + "x", NOON)
    assert everything() == before

    found = details.found(token(), NOON)
    undo()
    before = everything()
    with pytest.raises(NothingToUndo):
        details.undo(found, ACTOR, NOON)
    assert everything() == before


def test_of_two_changes_at_once_one_stands(transactional_db, cleo, together):
    results = together([lambda: enter(cleo), lambda: enter(cleo, OTHER)])

    assert PayoutDetails.objects.filter(superseded_at=None).count() == 1
    assert {type(result) for result in results} == {PayoutDetails}
    assert PayoutDetails.objects.exclude(replaces=None).count() == 1


def test_erasing_empties_them_and_their_links(cleo):
    enter(cleo)
    enter(cleo, OTHER)

    details.erase([cleo.person.pk], LATER)

    assert set(PayoutDetails.objects.values_list("sealed", "ending")) == {("", "")}
    assert standing(cleo) is None
    with pytest.raises(NothingToUndo):
        undo()
    with pytest.raises(details.NoDetails):
        details.read(PayoutDetails.objects.first())


def test_the_page_asks_for_the_password_again(cleo_client, cleo):
    answer = cleo_client.post(PAGE, {"holder": "Cleo", "account": IBAN})

    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert standing(cleo) is None


def test_the_page_takes_details_and_never_shows_them(cleo):
    client = fresh(sign_in(cleo))

    answer = client.post(PAGE, {"holder": "Cleo Marchetti", "account": IBAN})

    assert answer.url == reverse("rewards:payouts")
    assert standing(cleo).ending == "3000"
    for page in (PAGE, reverse("rewards:payouts")):
        shown = client.get(page).content.decode()
        assert "3000" in shown
        assert "0532" not in shown


@pytest.mark.parametrize(
    ("account", "says"), [("DE89370400440532013001", "typing error"), ("x", "little more"), ("", "required")]
)
def test_the_page_says_what_is_wrong(cleo, account, says):
    client = fresh(sign_in(cleo))

    answer = client.post(PAGE, {"holder": "Cleo", "account": account})

    assert (answer.status_code, says in answer.content.decode()) == (422, True)
    assert standing(cleo) is None


def test_the_link_of_the_email_asks_before_it_acts_and_needs_no_sign_in(client, cleo):
    entered = enter(cleo, at=clock.now())
    page = reverse("rewards:undo_payout_details", args=[token()])

    assert client.get(page).status_code == 200
    assert standing(cleo) == entered
    answer = client.post(page)

    assert answer.status_code == 200
    assert standing(cleo) is None
    assert client.post(page).status_code == 404
    assert client.get(reverse("rewards:undo_payout_details", args=["nonsense"])).status_code == 404
    assert timedelta(0) < entered.usable_at - clock.now() <= WAIT
