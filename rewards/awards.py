"""Awards: asking what occasions earn, and booking the difference whenever their facts change."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from customers import merging
from rewards import awarding, climbing, counts, ledger, promising, settling
from rewards.asking import Asking
from rewards.awarding import ALLOW, Answer, Happened
from rewards.ledger import Owner
from rewards.models import Award, Grant, Occasion, Plan, Reward, Side
from rewards.plans import PlanDocument
from spine import due
from spine.inserts import insert_rows

BATCH = 200
# What a rule may read of an occasion, by its columns: while this is the same, the answer is.
READ = (
    "plan_id", "number", "person_id", "friend_id", "at", "counted", "currency", "goal", "country", "tier", "coupon",
    "captured_at", "advocate_side", "friend_side",
)  # fmt: skip


def award_due(at: datetime) -> int:
    """Book what is new of a batch of occasions; return how many were due."""
    return due.work(Occasion.objects.all(), award, at=at, batch=BATCH)


def award(occasions: Sequence[Occasion], at: datetime) -> None:
    """Ask what each earns, promise what is new, take back what no longer stands, and settle what went back.

    The caller holds the occasions.
    """
    plans = {plan.pk: PlanDocument.read(plan.document) for plan in _plans(occasions)}
    askings = _askings(occasions, plans)
    answers = _answer(askings, at)
    book = ledger.hold(_owners(occasions, answers))
    rewards, grants = _standing(Reward, occasions), _standing(Grant, occasions)
    changed: list[Reward | Grant] = []
    for asking, answer in answers:
        changed += promising.stand(asking, answer, rewards[asking.occasion.pk], grants[asking.occasion.pk], at)
    promising.write(rewards, grants, changed, book, at)
    settling.settle(occasions, rewards, grants, plans, book, at)
    climbing.look_again(occasions, [each.before for each in askings if each.earlier], plans, at)


def _plans(occasions: Iterable[Occasion]) -> Iterable[Plan]:
    return Plan.objects.filter(pk__in={each.plan_id for each in occasions if each.plan_id})


def _askings(occasions: Sequence[Occasion], plans: Mapping[int, PlanDocument]) -> list[Asking]:
    """The occasions of which something is new that a rule reads."""
    earlier = {award.occasion_id: award for award in Award.objects.filter(occasion__in=occasions, superseded_at=None)}
    news = [
        each
        for each in occasions
        if each.plan_id and ((award := earlier.get(each.pk)) is None or award.trace["read"] != _read(each))
    ]
    heads = merging.heads({person for each in news for person in (each.person_id, each.friend_id) if person})
    places = _places([each for each in news if each.plan_id and _asks_place(plans[each.plan_id])])
    return [
        Asking(each, plans[each.plan_id], _happened(each, heads, places), earlier.get(each.pk))
        for each in news
        if each.plan_id
    ]


def _answer(askings: Sequence[Asking], at: datetime) -> list[tuple[Asking, Answer]]:
    """Answer in order of recording, each seeing what those before it used; write the answers and the counts down."""
    wanted = {(each.occasion.scheme_id, name) for each in askings for name in awarding.names(each.plan, each.happened)}
    wanted |= {(each.occasion.scheme_id, name) for each in askings for uses in each.uses.values() for name in uses}
    held = counts.lock(wanted)
    used: dict[int, dict[str, int]] = defaultdict(dict)
    for (scheme, name), count in held.items():
        used[scheme][name] = count.used
    answers, rows = [], []
    for asking in sorted(askings, key=lambda each: each.occasion.pk):
        answer, row = _answer_one(asking, used[asking.occasion.scheme_id], at)
        answers.append((asking, answer))
        rows.append(row)
    Award.objects.filter(pk__in=[each.earlier.pk for each in askings if each.earlier]).update(superseded_at=at)
    insert_rows(rows)
    counts.save(held, {(scheme, name): amount for scheme, names in used.items() for name, amount in names.items()})
    return answers


def _answer_one(asking: Asking, used: dict[str, int], at: datetime) -> tuple[Answer, Award]:
    """The answer, of the sides that are open; `used` is changed to what is used with it."""
    sides = {rule.name: rule.benefit.side for rule in asking.plan.all_rules}
    kept = {rule: uses for rule, uses in asking.uses.items() if not asking.is_open(sides.get(rule, ""))}
    for rule, uses in asking.uses.items():
        if rule not in kept:
            for name, amount in uses.items():
                used[name] -= amount
    before = {name: used.get(name, 0) for name in awarding.names(asking.plan, asking.happened)}
    whole = awarding.award(asking.plan, asking.happened, used)
    answer = replace(whole, earned=tuple(each for each in whole.earned if asking.is_open(each.side)))
    for earned in answer.earned:
        for name, amount in earned.uses.items():
            used[name] = used.get(name, 0) + amount
    earlier = asking.earlier
    trace = {
        "read": _read(asking.occasion),
        "nth": asking.happened.nth,
        "used": before,
        "uses": {**kept, **{each.rule: dict(each.uses) for each in answer.earned}},
        "rules": [*_kept_lines(asking), *(line for line in answer.trace() if asking.is_open(line["side"]))],
    }
    row = Award(
        occasion=asking.occasion, number=earlier.number + 1 if earlier else 1, decision=asking.occasion.number,
        plan_id=asking.occasion.plan_id, trace=trace, at=at,
    )  # fmt: skip
    return answer, row


def _kept_lines(asking: Asking) -> list[dict[str, Any]]:
    lines = asking.earlier.trace["rules"] if asking.earlier else []
    return [line for line in lines if not asking.is_open(line["side"])]


def _owners(occasions: Sequence[Occasion], answers: Iterable[tuple[Asking, Answer]]) -> set[Owner]:
    """Whose accounts will be moved: of what stands already, and of what is newly earned."""
    standing = Reward.objects.filter(occasion__in=occasions).values_list("scheme", "person", "unit")
    earned = ((each.occasion.scheme_id, one.person, one.unit) for each, answer in answers for one in answer.earned)
    return {Owner(*owner) for owner in (*standing, *earned) if owner[2]}


def _standing(model: Any, occasions: Sequence[Occasion]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {each.pk: [] for each in occasions}
    for row in model.objects.filter(occasion__in=occasions).order_by("pk"):
        found[row.occasion_id].append(row)
    return found


def _happened(occasion: Occasion, heads: Mapping[UUID, UUID], places: Mapping[int, int]) -> Happened:
    return Happened(
        kind=occasion.kind,
        at=occasion.at,
        advocate=heads[occasion.person_id],
        friend=heads[occasion.friend_id] if occasion.friend_id else None,
        counted=occasion.counted,
        currency=occasion.currency,
        goal=occasion.goal,
        country=occasion.country,
        tier=occasion.tier,
        coupon=occasion.coupon,
        nth=places.get(occasion.pk, 1),
        captured_at=occasion.captured_at,
        sides={Side.ADVOCATE: occasion.advocate_side, Side.FRIEND: occasion.friend_side},
    )


def _read(occasion: Occasion) -> dict[str, Any]:
    """What a rule may read of it, as JSON has it."""
    told = {name: getattr(occasion, name) for name in READ}
    return {name: value if value is None or isinstance(value, int) else _plain(value) for name, value in told.items()}


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _asks_place(plan: PlanDocument) -> bool:
    return any(rule.nth is not None for rule in plan.rules)


def _places(occasions: Collection[Occasion]) -> dict[int, int]:
    """The place of each among the allowed ones of its person in its scheme, counted from 1, by its key."""
    found = {}
    for each in occasions:
        earlier = Occasion.objects.filter(scheme=each.scheme_id, person=each.person_id, kind=each.kind)
        before = earlier.filter(Q(at__lt=each.at) | Q(at=each.at, pk__lt=each.pk), advocate_side=ALLOW)
        found[each.pk] = before.count() + 1
    return found
