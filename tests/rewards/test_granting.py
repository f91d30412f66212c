from datetime import timedelta

import pytest
from django.urls import reverse

from advocacy_platform import privacy
from advocates.staff import party
from brand.models import Message
from customers.told import LineFact
from referrals.models import Conversion
from referrals.share import offers, ties
from rewards import explaining, granting, pools, proof
from rewards.models import Award, Count, Grant, Occasion
from rewards.plans import Benefit, Cap, PlanDocument, Rule
from spine.models import AuditEntry, Event
from tests.factories import LONG_AGO, NOON, TERMS, make_source, make_terms
from tests.referrals.offering import make_offer
from tests.rewards.living import DAY, dispute, follow, open_program, order, refund
from tests.rewards.test_letters import mails, notices, tell

POINTS = PlanDocument((Benefit("advocate", "points", fixed=100),))
MUG = PlanDocument((Benefit("advocate", "goods", words="A mug", hold_days=7, cost=400),))
WEEK = NOON + 7 * DAY


def text(answer):
    return " ".join(answer.content.decode().split())


def test_grants_a_code_from_the_pool(ben):
    link = open_program(ben, POINTS)
    pool = pools.create(link.program.scheme, "Ten", ("user", "ada"), LONG_AGO)
    pools.fill(pool, ["TENOFF"], ("user", "ada"), LONG_AGO)
    gift = Rule("gift", Benefit("friend", "discount_code", percent=1000, hold_days=2, pool=str(pool.public_id)))
    make_terms(link.program, TERMS, PlanDocument(rules=(gift,)), at=LONG_AGO + DAY)

    order()
    assert (Grant.objects.get().state, Grant.objects.get().cost) == ("promised", 1000)
    follow(NOON + 2 * DAY)

    grant = Grant.objects.get()
    assert (grant.state, grant.code, grant.person) == ("sent", "TENOFF", Conversion.objects.get().referred_person)
    assert Occasion.objects.get().final_at == NOON + 2 * DAY
    refund("r-1", 10_000, at=NOON + 2 * DAY)
    assert Grant.objects.get().state == "sent"


@pytest.mark.parametrize(("clawback", "state"), [("keep", "sent"), ("revoke_on_full_refund", "revoked")])
def test_revokes_a_grant_as_its_clawback_says(ben, clawback, state):
    badge = Benefit("advocate", "badge", words="Early bird", clawback=clawback)
    open_program(ben, PlanDocument((badge,)))
    order()
    assert Grant.objects.get().state == "sent"

    refund("r-1", 9999)
    assert Grant.objects.get().state == "sent"
    refund("r-2", 1)

    assert Grant.objects.get().state == state


def test_sends_no_grant_whose_order_went_back(ben):
    open_program(ben, PlanDocument((Benefit("advocate", "goods", words="A mug", hold_days=7),)))
    order()

    refund("r-1", 10_000)
    follow(NOON + 7 * DAY)

    assert (Grant.objects.get().state, Grant.objects.get().sent_at) == ("revoked", None)


# --- What somebody of the staff sends or arranges


@pytest.fixture
def mug(ben):
    """A mug that Ben earned, and nobody sent yet."""
    open_program(ben, MUG)
    order()
    follow(WEEK)
    return Grant.objects.get()


def page(grant):
    return reverse("rewards:manage_grant", args=[grant.public_id])


def test_goods_stand_on_the_work_list_until_somebody_sent_them(mug, ben, ada_client):
    assert (mug.state, mug.ready_at, mug.sent_at) == ("ready", WEEK, None)
    assert not Occasion.objects.filter(final_at__isnull=False).exists()
    assert "A mug" in text(ada_client.get(reverse("rewards:manage_grants")))

    answer = ada_client.post(page(mug), {"words": " Parcel 12345 "})

    mug.refresh_from_db()
    assert answer.status_code == 302
    assert (mug.state, mug.words, mug.sent_at is not None) == ("sent", "Parcel 12345", True)
    assert Occasion.objects.get().final_at == mug.sent_at
    assert "Nothing waits for you" in text(ada_client.get(reverse("rewards:manage_grants")))
    assert AuditEntry.objects.filter(verb="grant.sent").count() == 1
    tell(mug.sent_at)
    told = ["A mug: it is yours, and one of us sees to it.", "A mug: it is yours. Parcel 12345"]
    assert notices(ben) == told
    assert mails(ben) == [("News about what you earned", True)]


def test_goods_are_sent_once(mug, ada, ada_client):
    granting.mark_sent(mug, ada.user, "the first", WEEK)
    before = list(Grant.objects.values())

    again = ada_client.post(page(mug), {"words": "the second"})

    assert again.status_code == 409
    assert list(Grant.objects.values()) == before
    assert Event.objects.filter(name="grant.sent").count() == 1
    with pytest.raises(granting.GrantNotReady):
        granting.mark_sent(mug, ada.user, "the third", WEEK)


def test_nobody_sends_goods_to_themselves(ada, ada_client):
    open_program(ada, MUG)
    order()
    follow(WEEK)
    mug = Grant.objects.get()

    assert "somebody else hands it out" in text(ada_client.get(page(mug)))
    assert ada_client.post(page(mug), {}).status_code == 403
    mug.refresh_from_db()
    assert (mug.state, mug.sent_at) == ("ready", None)


def test_goods_are_for_those_who_may_hand_out(mug, cleo_client):
    assert cleo_client.get(reverse("rewards:manage_grants")).status_code == 404
    assert cleo_client.get(page(mug)).status_code == 404
    assert cleo_client.post(page(mug), {}).status_code == 404
    assert Grant.objects.get().state == "ready"


def test_goods_leave_the_list_while_a_bank_looks_at_the_order_and_when_it_went_back(mug, ada):
    dispute("opened", at=WEEK)
    assert not granting.waiting().exists()
    with pytest.raises(granting.GrantNotReady):
        granting.mark_sent(mug, ada.user, "", WEEK)

    dispute("won", at=WEEK)
    assert list(granting.waiting()) == [mug]

    refund("r-1", 10_000, at=WEEK)
    assert not granting.waiting().exists()
    assert (Grant.objects.get().state, Grant.objects.get().ready_at) == ("revoked", None)

    refund("r-1", 10_000, at=WEEK, status="failed")
    assert list(granting.waiting()) == [mug]


def test_goods_are_not_sent_to_somebody_who_was_erased(mug, ben):
    Grant.objects.update(words="Parcel 1")
    privacy.erase(ben.person, party(ben.user), WEEK)
    follow(WEEK)

    mug.refresh_from_db()
    assert (mug.state, mug.words, mug.sent_at) == ("revoked", "", None)
    assert not granting.waiting().exists()


# --- What the friend was given before the order


@pytest.fixture
def offered(ben):
    """Ben's program, whose friends get 10 % off beforehand; Dan has a code."""
    make_source()
    link = make_offer(ben, "TENOFF", "UNUSED")
    offers.hand_out(offers.find("BEN42", NOON), "dan@example.com", NOON)
    return link


LINES = (LineFact("1", "goods", 10_000), LineFact("2", "discount", -1000))


def used():
    return Count.objects.filter(name="budget").values_list("used", flat=True).first()


def test_counts_a_friends_code_that_was_used_with_what_it_took_off(offered, ben):
    order(lines=LINES, coupon="tenoff", code="")

    grant = Grant.objects.get()
    friend = Conversion.objects.get().referred_person
    assert (grant.state, grant.code, grant.cost, grant.person, grant.sent_at) == ("sent", "TENOFF", 1000, friend, NOON)
    assert used() == 1000
    assert not Occasion.objects.filter(final_at__isnull=False).exists()
    assert [line["code"] for line in Award.objects.get().trace["rules"]] == ["used_before"]
    assert explaining.unearned(Award.objects.get()) == []
    assert list(Event.objects.filter(subject_kind="grant").values_list("name", flat=True)) == ["grant.used"]
    tell()
    assert not Message.objects.filter(key__startswith="rewards.").exists()
    assert list(proof.verify()) == []


@pytest.mark.parametrize("coupon", ["", "UNUSED", "BEN42"])
def test_counts_nothing_where_no_code_of_a_friends_was_used(offered, coupon):
    order(coupon=coupon, code="BEN42")

    assert not Grant.objects.exists()
    assert used() in (None, 0)
    assert [line["code"] for line in Award.objects.get().trace["rules"]] == ["given_before"]


def test_a_code_that_was_used_counts_though_the_budget_is_gone(offered, ben):
    pool = offered.program.scheme.pools.get()
    before = Benefit("friend", "discount_code", when="before", percent=1000, pool=str(pool.public_id))
    credit = Benefit("advocate", "credit", fixed=500)
    plan = PlanDocument((credit, before), caps=(Cap("person", 1, side="friend"),), budget=800)
    make_terms(offered.program, TERMS, plan, at=LONG_AGO + DAY)

    order(lines=LINES, coupon="TENOFF", code="")

    assert used() == 1000
    codes = {line["rule"]: line["code"] for line in Award.objects.get().trace["rules"]}
    assert codes == {"friend": "used_before", "advocate": "budget_used_up"}


def test_a_code_that_was_used_stays_used_when_the_order_goes_back(offered):
    order(lines=LINES, coupon="TENOFF", code="")
    refund("r-1", 9000)

    assert (Grant.objects.get().state, used()) == ("sent", 1000)


def test_what_is_decided_anew_counts_it_once_or_not_at_all(offered):
    order(lines=LINES, updated_at=NOON, coupon="TENOFF", code="")
    doubled = (LineFact("1", "goods", 20_000), LineFact("2", "discount", -2000))
    order(lines=doubled, updated_at=NOON + timedelta(minutes=1), coupon="TENOFF", code="")
    assert [(grant.withdrawn_at, grant.cost) for grant in Grant.objects.all()] == [(None, 2000)]
    assert used() == 2000

    ties.cut(Conversion.objects.get().referred_person, ("system", "test"), NOON)
    follow(NOON)

    assert Conversion.objects.get().credited_person is None
    assert used() == 0
    assert Grant.objects.get().withdrawn_at == NOON
