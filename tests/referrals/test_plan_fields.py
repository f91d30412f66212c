"""The form of a program says all that a plan can say, and takes it back as it was."""

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referrals.design import designing, diff, further, rules
from referrals.manage.draft_form import DraftForm
from referrals.models import Terms
from referrals.terms import TermsDocument
from rewards.ladders import Ladder, Step
from rewards.plans import Benefit, Cap, PlanDocument, Rule
from tests.factories import NOON, make_program

ACTOR = ("command", "test")
amounts = st.integers(1, 10**9)
words = st.text("abcdefgh XYZ-", min_size=1, max_size=20).map(str.strip).filter(bool)


@st.composite
def benefits(draw, side, is_plain=False):
    kind = draw(st.sampled_from(["credit", "cash", "points", "perk", "goods"]))
    told = {"side": side, "kind": kind, "hold_days": draw(st.integers(0, 365))}
    if kind in ("credit", "cash") and draw(st.booleans()):
        told["percent"] = draw(st.integers(1, 10_000))
        limits = sorted(draw(st.lists(amounts, max_size=2)))
        told |= dict(zip(("minimum", "maximum"), limits, strict=False))
    elif kind in ("perk", "goods"):
        told |= {"words": draw(words), "cost": draw(st.integers(0, 10**6))}
    else:
        told["fixed"] = draw(amounts)
    told["hold_from"] = draw(st.sampled_from(["order", "capture"]))
    told["expiry_days"] = draw(st.none() | st.integers(1, 3650))
    told["needs_approval"] = draw(st.booleans())
    told["clawback"] = draw(st.sampled_from(["keep", "revoke_on_full_refund"]))
    return Benefit(**told)


@st.composite
def plans(draw):
    names = draw(st.lists(words, unique=True, max_size=3))
    takes = sorted(draw(st.sets(amounts, min_size=len(names), max_size=len(names))))
    steps = [
        Step(name, take, draw(st.integers(1, 100_000)), draw(st.just("") | words))
        for name, take in zip(names, takes, strict=True)
    ]
    ladder = None
    if steps:
        period = draw(st.sampled_from(["rolling", "calendar"]))
        months = draw(st.integers(1, 60) if period == "rolling" else st.sampled_from([1, 3, 6, 12]))
        measure = draw(st.sampled_from(["referrals", "revenue", "points"]))
        ladder = Ladder(measure, period, months, tuple(steps))
    sides = draw(st.sampled_from([("advocate", "friend"), ("advocate",), ()]))
    rule_names = [name for name in draw(st.lists(words, unique=True, max_size=2)) if name not in ("advocate", "friend")]
    further_rules = tuple(
        Rule(
            name, draw(benefits(draw(st.sampled_from(["advocate", "friend"])))),
            goals=tuple(draw(st.sets(st.sampled_from(["first_order", "renewal"])).map(sorted))),
            at_least=draw(st.integers(0, 10**6)), countries=tuple(draw(st.sampled_from([(), ("NO", "SE")]))),
            tiers=tuple(names[:1]), nth=draw(st.none() | st.integers(1, 100)), group=draw(st.just("") | words),
        )
        for name in rule_names
    )  # fmt: skip
    caps = draw(st.lists(st.builds(
        Cap, st.sampled_from(["person", "scheme"]), amounts, st.sampled_from(["rewards", "worth"]),
        st.sampled_from(["ever", "day", "month", "year"]), st.sampled_from(["advocate", "friend"]),
    ), max_size=3))  # fmt: skip
    return PlanDocument(
        tuple(draw(benefits(side)) for side in sides), further_rules, tuple(caps), draw(st.none() | amounts),
        draw(st.integers(0, 10_000)), draw(st.sampled_from(["carry", "write_off"])), ladder,
    )  # fmt: skip


def sent(form):
    """What a browser sends of a form as it is shown."""
    data = QueryDict(mutable=True)
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if isinstance(value, (list, tuple)):
            data.setlist(name, value)
        elif value is not None and value is not False:
            data[name] = str(value)
    return data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(plan=plans())
def test_takes_every_plan_back_as_it_was(db, plan):
    program = make_program(plan=PlanDocument())
    draft = designing.draft(program)
    designing.edit(program, terms=TermsDocument(), plan=plan, upon=draft.revision, actor=ACTOR, at=NOON)
    program.refresh_from_db()

    form = DraftForm(program, sent(DraftForm(program)))

    assert form.is_valid(), form.errors
    assert form.offer[1] == plan
    assert all(isinstance(sentence, str) and sentence for sentence in further.sentences(plan, "USD"))


PLAN = PlanDocument(
    (Benefit("advocate", "credit", fixed=1500, hold_days=14),),
    (
        Rule("tenth", Benefit("advocate", "cash", fixed=5000), nth=10),
        Rule("big", Benefit("friend", "credit", percent=500), at_least=20_000, countries=("NO",), group="big"),
    ),
    (Cap("person", 5, "rewards", "month"), Cap("scheme", 100_000, "worth", "year", "friend")),
    budget=500_000,
    owed="write_off",
    ladder=Ladder("referrals", "rolling", 12, (Step("Silver", 3), Step("Gold", 10, 15_000, "a gift at Christmas"))),
)
SAID = [
    "You get $50 in cash for recommendation number 10.",
    "Friends get 5\u00a0% of the order in credit from $200 on, if you live in Norway.",
    "Your tier goes by what you brought in the last 12 months.",
    "Silver from 3 recommendations on.",
    "Gold from 10 recommendations on: 1.5 times the reward, a gift at Christmas.",
    "At most 5 rewards for one advocate a month.",
    "Rewards worth at most $1,000 for all friends together a year.",
    "Rewards are given as long as the program's budget lasts, in the order in which orders come.",
    "What you spent before its order was paid back is not asked back.",
]


def test_says_all_of_it_in_the_rules_and_what_changes(db):
    program = make_program(plan=PlanDocument(PLAN.benefits))

    offer = rules.read(program, TermsDocument(), PLAN)[0].sentences
    changed = diff.from_published(Terms.objects.get(), TermsDocument(), PLAN, "USD")

    assert [sentence for sentence in offer if sentence in SAID] == SAID
    assert further.changes(PlanDocument(PLAN.benefits), PLAN, "USD") == [
        *(f"New: {sentence}" for sentence in SAID),
        "The budget goes from no limit to $5,000.",
    ]
    assert [sentence for sentence in changed if sentence.startswith("New:")] == [
        f"New: {sentence}" for sentence in SAID
    ]
    assert further.changes(PLAN, PlanDocument(PLAN.benefits), "USD")[0] == f"No longer: {SAID[0]}"


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"ladder_measure": "referrals", "ladder_steps": "Gold 10"}, "ladder_steps", "Write each line like"),
        ({"ladder_measure": "referrals", "ladder_steps": "Gold: 10\nSilver: 5"}, "ladder_steps", "takes more than"),
        ({"ladder_measure": "referrals", "ladder_steps": ""}, "ladder_steps", "takes more than"),
        ({"ladder_measure": "referrals", "ladder_steps": "Gold: 1.5"}, "ladder_steps", "digits alone"),
        ({"cap0_most": "many"}, "cap0_most", "whole number"),
        ({"cap0_most": "1_0"}, "cap0_most", "whole number"),
        ({"rule0_name": "x", "rule0_kind": "perk", "rule0_countries": "NO, QQ"}, "rule0_countries", "QQ is not"),
        ({"cap0_most": "0"}, "cap0_most", "above nothing"),
        ({"cap0_most": "1.234,5", "cap0_counts": "worth"}, "cap0_most", "digits alone"),
        ({"rule0_name": "x", "rule0_kind": "credit"}, "rule0_worth", "Fill this in."),
        ({"rule0_name": "x"}, "rule0_kind", "Fill this in."),
        ({"budget": "-1"}, "budget", "digits alone"),
        ({"advocate_minimum": "5"}, "advocate_minimum", "only a share"),
        ({"advocate_expiry_days": "0"}, "advocate_expiry_days", "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_says_beside_the_field_what_can_not_be_kept(ada_client, ada, changed, field, said):
    program = make_program()
    before = designing.draft(program)
    page = reverse("referrals:edit_program", args=[program.slug])
    data = sent(DraftForm(program))
    for name, value in changed.items():
        data[name] = value

    answer = ada_client.post(page, data)

    form = answer.context["form"]
    assert answer.status_code == 422
    assert said in " ".join(str(error) for error in form.errors[field])
    assert next(fold.is_open for fold in form.folds() if field in [each.name for each in fold.fields])
    program.refresh_from_db()
    assert designing.draft(program) == before
