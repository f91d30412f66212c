import pytest
from django.apps import apps
from django.db import connection, models

from customers.models import Person
from rewards.models import (
    Account,
    Award,
    Count,
    Grant,
    Item,
    LedgerDay,
    Occasion,
    Payout,
    PayoutBatch,
    PayoutDetails,
    Plan,
    Pool,
    PoolCode,
    Proposal,
    Redemption,
    Scheme,
    Seal,
    Standing,
    Transfer,
)  # fmt: skip
from tests.factories import NOON, make_reward
from tests.twins import refusal, twin

# What makes a second row of a model differ enough from the first to be taken, beside what is unique in any case.
OTHERWISE = {
    Plan: {"version": 2},
    PoolCode: {"holder": "claim:2"},
    Redemption: {"token": "two"},
    LedgerDay: {"unit": "PTS"},
    Transfer: {"entry": "promise:two", "sequence": 7},
    Occasion: {"subject": "two"},
    Award: {"number": 2, "superseded_at": NOON},
    Count: {"name": "cap:two"},
    PayoutDetails: {"superseded_at": NOON},
    Payout: {"unit": "cash:EUR"},
}
# What no row may say, by the constraint that forbids it.
FORBIDDEN = {
    "pool_code_taken_has_a_holder": [{"taken_at": None}, {"holder": ""}],
    "item_takes_something": [{"price": 0}],
    "item_costs_from_nothing": [{"cost": -1}],
    "item_taken_within_its_stock": [{"taken": 6}],
    "item_code_has_a_pool": [{"kind": "discount_code"}],
    "item_open_amount_is_credit": [{"has_open_amount": True}],
    "item_credit_has_a_value": [{"kind": "store_credit"}, {"kind": "store_credit", "value": 0}, {"value": 500}],
    "redemption_takes_something": [{"amount": 0}],
    "redemption_ends_at_an_instant": [{"ended_at": NOON}, {"state": "arrived"}],
    "account_balance_from_nothing": [{"balance": -1}, {"balance": None}, {"kind": "issued"}, {"person_id": None}],
    "transfer_moves_something": [{"amount": 0}, {"amount": -1}],
    "transfer_goes_elsewhere": [],
    "occasion_counts_from_nothing": [{"counted": -1}],
    "occasion_refunds_from_nothing": [{"refunded": -1}],
    "occasion_sides": [{"advocate_side": "maybe"}, {"friend_side": ""}],
    "count_from_nothing": [{"used": -1}],
    "payout_batch_is_approved_by_somebody": [{"approved_at": NOON}, {"approved_by": "ada"}],
    "payout_batch_approved_or_dissolved": [{"approved_at": NOON, "approved_by": "ada", "dissolved_at": NOON}],
    "payout_is_something": [{"amount": 0}],
    "payout_is_cash": [{"unit": "credit:EUR"}],
    "payout_is_approved_in_a_batch": [{"state": "sent"}, {"state": "paid", "ended_at": NOON}],
    "payout_ends_at_an_instant": [{"ended_at": NOON}, {"state": "cancelled"}],
    "reward_is_something": [{"amount": 0, "available": 0}],
    "reward_places": [{"available": 1501, "owed": -1}],
    "reward_is_somewhere": [{"available": 1499}, {"amount": 1501}, {"paid": 1}],
    "reward_side": [{"side": "shop"}],
    "reward_corrected_within_it": [{"corrected": -1}, {"corrected": 1501}],
    "grant_costs_from_nothing": [{"cost": -1}],
    "grant_side": [{"side": "shop"}],
    "proposal_is_something": [{"amount": 0}],
    "proposal_done_or_declined": [{"decided_by": "ada", "done_at": NOON, "declined_at": NOON}],
    "proposal_is_of_a_reward": [{"kind": "forgive"}],
    "proposal_is_decided_by_somebody": [{"done_at": NOON}, {"declined_at": NOON}, {"decided_by": "ada"}],
}  # fmt: skip


def rows() -> dict[type[models.Model], models.Model]:
    """One row of each kind that the room keeps."""
    person = Person.objects.create()
    reward = make_reward(person)
    occasion, scheme = reward.occasion, reward.scheme
    plan = Plan.objects.create(scheme=scheme, version=1, document={}, published_at=NOON, published_by="ada")
    pool = Pool.objects.create(scheme=scheme, name="Codes", created_at=NOON)
    item = Item.objects.create(
        kind="perk", name="A visit", unit="PTS", price=100, currency="USD", stock=5, created_at=NOON
    )
    made = [
        scheme, plan, pool, item, occasion, reward,
        PoolCode.objects.create(pool=pool, text="A1", folded="A1", holder="claim:1", taken_at=NOON),
        Redemption.objects.create(
            person=person, item=item, token="one", key="k-1", unit="PTS", amount=100, currency="USD", requested_at=NOON
        ),
        LedgerDay.objects.create(
            scheme=scheme, unit="credit:USD", day=NOON.date(), source="issued", target="on_hold", amount=1500
        ),
        Account.objects.get(person=person, kind="available"),
        Transfer.objects.filter(sequence=None).earliest("pk"),
        Seal.objects.create(sequence=1, transfer_id=1, digest="d", at=NOON),
        Award.objects.create(occasion=occasion, number=1, decision=1, trace={}, at=NOON),
        Count.objects.create(scheme=scheme, name="budget"),
        PayoutDetails.objects.create(person=person, kind="words", entered_at=NOON, usable_at=NOON),
        PayoutBatch.objects.create(made_by="ben", made_at=NOON),
        Payout.objects.create(person=person, unit="cash:USD", amount=100, key="p-1", requested_at=NOON),
        Grant.objects.create(
            key="g-1", occasion=occasion, scheme=scheme, plan=plan, rule="advocate", side="advocate", person=person,
            kind="goods", promised_at=NOON, hold_until=NOON,
        ),
        Proposal.objects.create(
            token="t-1", kind="award", scheme=scheme, person=person, unit="PTS", amount=1, proposed_by="ben",
            proposed_at=NOON,
        ),
        Standing.objects.create(scheme=scheme, person=person),
    ]  # fmt: skip
    return {type(row): row for row in made}


def constraints(kind):
    return [(model, one) for model in _models() for one in model._meta.constraints if isinstance(one, kind)]


def _models():
    return list(apps.get_app_config("rewards").get_models())


@pytest.fixture
def made(db):
    return rows()


def test_every_kind_of_row_is_looked_at(made):
    assert set(made) == set(_models())
    assert {one.name for _model, one in constraints(models.CheckConstraint)} == set(FORBIDDEN)


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_takes_a_second_row_that_is_other_enough(made, model):
    row = made[model]
    change = {"scheme_id": Scheme.objects.create(name="Other", created_at=NOON).pk} if model is Standing else {}

    assert refusal(twin(row, **{**OTHERWISE.get(model, {}), **change})) == ""


@pytest.mark.parametrize(
    ("model", "constraint"), constraints(models.UniqueConstraint), ids=lambda each: getattr(each, "name", "")
)
def test_refuses_a_second_row_under_one_natural_key(made, model, constraint):
    row = made[model]
    if constraint.name == "transfer_sequence_once":
        row.sequence = 7
        row.save(update_fields=["sequence"])
    own = {*constraint.fields} | ({"superseded_at"} if constraint.condition else set())
    changes = {name: value for name, value in OTHERWISE.get(model, {}).items() if name not in own}

    same = {
        model._meta.get_field(name).attname: model._meta.get_field(name).value_from_object(row)
        for name in constraint.fields
    }
    why = refusal(twin(row, **changes, **same))

    assert _names(why, model, constraint)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (model, field.name)
        for model in _models()
        for field in model._meta.local_concrete_fields
        if field.unique and not field.primary_key
    ],
)
def test_refuses_a_second_row_of_one_name(made, model, name):
    row = made[model]

    why = refusal(twin(row, **{**OTHERWISE.get(model, {}), name: getattr(row, name)}))

    assert name in why


@pytest.mark.parametrize(
    ("model", "constraint"), constraints(models.CheckConstraint), ids=lambda each: getattr(each, "name", "")
)
def test_refuses_what_cannot_be(made, model, constraint):
    row, otherwise = made[model], OTHERWISE.get(model, {})
    forbidden = FORBIDDEN[constraint.name]
    if constraint.name == "transfer_goes_elsewhere":
        forbidden = [{"target_id": row.source_id}]

    whys = [refusal(twin(row, **{**otherwise, **changes})) for changes in forbidden]

    assert whys
    assert [why for why in whys if constraint.name not in why] == []


def _names(why: str, model: type[models.Model], constraint: models.UniqueConstraint) -> bool:
    """Whether a refusal is that of this constraint: SQLite names its columns."""
    if connection.vendor == "postgresql":
        return constraint.name in why
    columns = [f"{model._meta.db_table}.{model._meta.get_field(name).column}" for name in constraint.fields]
    return why == f"UNIQUE constraint failed: {', '.join(columns)}"
