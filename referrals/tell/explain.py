"""The stored trace of a decision in words: for the staff with names, for an advocate without anybody else in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from brand import locales
from customers.models import Person
from referrals import naming, reasons
from referrals.models import Decision, Touch
from referrals.models.conversion import SideVerdict
from referrals.review import reviewing
from referrals.terms import TermsDocument
from spine.money import Unit, display

ADDRESS = "referrals:conversions"
# The fact by which the goal was reached.
REACHED = "reached"


@dataclass(frozen=True)
class Step:
    """One step of an explanation; `title` leads to `url` where there is more to see, `points` are a signal's."""

    state: str
    title: str
    words: str = ""
    code: str = ""
    at: datetime | None = None
    url: str = ""


# A contact in words: for the staff with the advocate's name, for the advocate as their own.
_CONTACTS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "link": (gettext_lazy("%(name)s's link was followed."), gettext_lazy("Your friend followed your link.")),
    "code": (gettext_lazy("%(name)s's code was typed."), gettext_lazy("Your friend typed your code.")),
    "coupon": (
        gettext_lazy("A discount code that %(name)s's friend page gave out was used."),
        gettext_lazy("Your friend used the discount code that your link gave them."),
    ),
    "invite": (gettext_lazy("%(name)s invited them."), gettext_lazy("You invited your friend.")),
    "manual": (gettext_lazy("A claim of %(name)s was granted."), gettext_lazy("We granted your claim.")),
}


def steps(decision: Decision, *, for_advocate: Person | None = None) -> list[Step]:
    """Why it was decided so, step by step. With `for_advocate`, as that person may read it."""
    return many([decision], for_advocate=for_advocate)[decision.pk]


def many(decisions: Sequence[Decision], *, for_advocate: Person | None = None) -> dict[int, list[Step]]:
    """The steps of each decision, by its key; a constant number of queries for any number of decisions."""
    # People give their word on what was stopped, and on nothing else.
    stopped = [each for each in decisions if SideVerdict.STOP in (each.advocate_side, each.friend_side)]
    prefetch_related_objects(decisions, "terms__program")
    prefetch_related_objects(stopped, "verdicts")
    if for_advocate:
        reader = _ForAdvocate(for_advocate)
        return {decision.pk: reader.read(decision) for decision in decisions}
    told = _ForStaff(decisions)
    return {decision.pk: told.read(decision) for decision in decisions}


def signals(decision: Decision) -> list[Step]:
    """What speaks against a decision, for the staff: each signal with what it adds, and how it may be innocent."""
    told = decision.trace.get("signals", {})
    points = {side: {hit["name"]: hit["points"] for hit in told.get(side, [])} for side in ("advocate", "friend")}
    names = dict.fromkeys([*points["advocate"], *points["friend"]])
    return [_signal(name, points["advocate"].get(name, 0), points["friend"].get(name, 0)) for name in names]


def lines(decision: Decision) -> list[str]:
    """The explanation for the staff as plain text, a line for each step."""
    marks = {"taken": "+", "refused": "-", "fact": "·"}
    return [
        " ".join(
            part
            for part in (
                marks[step.state],
                f"{step.at:%Y-%m-%d %H:%M:%SZ}" if step.at else "",
                step.title,
                step.words,
                f"({step.code})" if step.code else "",
            )
            if part
        )
        for step in steps(decision)
    ]


class _ForStaff:
    """Everything, with names; what many decisions name is looked up at once."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        told = [step for decision in decisions for step in _steps(decision)]
        self.names = naming.of(step.get("advocate") for step in told)
        touches = Touch.objects.select_related("link").filter(public_id__in=_touches(told))
        self.codes = {str(touch.public_id): touch.link.code for touch in touches}

    def read(self, decision: Decision) -> list[Step]:
        by_rule = _by_rule(decision)
        own = [self._step(step, by_rule) for step in _steps(decision)]
        return [*_under(decision), *own, *_scored(decision), *_verdicts(decision)]

    def _step(self, told: Mapping[str, Any], by_rule: Collection[str]) -> Step:
        said = _sentence(told, "to_manager")
        if told["what"] == "touch" and told["code"] in by_rule:
            said = _("It would have won.")
        if told["what"] != "touch":
            return Step(told["state"], said, _amount(told), told["code"], _instant(told))
        name, code = self.names.of(told.get("advocate")), self.codes.get(str(told.get("touch")), "")
        contact = str(_CONTACTS[told["kind"]][0]) % {"name": name}
        url = f"{reverse(ADDRESS)}?search={code}" if code else ""
        return Step(told["state"], contact, said, told["code"], _instant(told), url)


class _ForAdvocate:
    """What one advocate may read: their own touches, and of everybody and everything else only that it was there."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def _is_theirs(self, person: object) -> bool:
        """Whether an id is the reader's, or that of somebody who was merged into them; asked only of strangers."""
        return str(person) == str(self._person.pk) or (person is not None and str(person) in self._merged)

    @cached_property
    def _merged(self) -> set[str]:
        return set(map(str, Person.objects.filter(merged_into=self._person).values_list("pk", flat=True)))

    def read(self, decision: Decision) -> list[Step]:
        by_rule = _by_rule(decision)
        own = [step for told in _steps(decision) if (step := self._step(told, by_rule))]
        # How somebody else's side fared is theirs to know.
        checked = _checked(decision) if self._is_theirs(decision.credited_person_id) else ()
        return [*_under(decision), *self._others(decision), *own, *checked]

    def _step(self, told: Mapping[str, Any], by_rule: Collection[str]) -> Step | None:
        said = _sentence(told, "to_advocate")
        if told["what"] == "touch" and self._is_own(told):
            contact = str(_CONTACTS[told["kind"]][1])
            return Step(told["state"], contact, "" if told["code"] in by_rule else said, told["code"], _instant(told))
        if told["what"] == "touch":
            return None
        # What has no words for advocates is about somebody else, and so is what names another of them.
        if not said or (told.get("advocate") and not self._is_own(told)):
            return None
        # What happened before, elsewhere or to others is dated by something that is not theirs to know.
        at = _instant(told) if told["code"] == REACHED else None
        asks = told["code"] == "signals"
        return Step(told["state"], said, _ask() if asks else "", told["code"], at, _claim() if asks else "")

    def _is_own(self, told: Mapping[str, Any]) -> bool:
        return self._is_theirs(told.get("advocate"))

    def _others(self, decision: Decision) -> Iterable[Step]:
        """One step for everybody else together, without their number, their time or what was wrong with them."""
        others = [told["state"] for told in _steps(decision) if told["what"] == "touch" and not self._is_own(told)]
        if "taken" in others:
            yield Step("refused", _("Somebody else's recommendation counted."))
        elif others:
            yield Step("fact", _("Somebody else's recommendation was looked at as well."))


def _under(decision: Decision) -> Iterable[Step]:
    if decision.terms:
        program, version = decision.terms.program, decision.terms.version
        title = _("The rules of that day: %(program)s, version %(version)d.")
        url = reverse("referrals:rules_version", args=[program.slug, version])
        yield Step("fact", title % {"program": program.name, "version": version}, url=url)


def _checked(decision: Decision) -> Iterable[Step]:
    """That the checks found something, never what: whoever knows which one they failed passes it the next time."""
    if decision.advocate_side == "refuse" and decision.outcome == Decision.Outcome.CREDITED:
        yield Step("refused", _("This order did not pass our checks."), _ask(), url=_claim())
    if decision.advocate_side != "stop":
        return
    words = [word for word in decision.verdicts.all() if word.side == "advocate" and word.undone_at is None]
    at = max((word.at for word in words), default=None)
    # One approval of two needed is not yet an answer.
    stands = reviewing.sides(decision, words).advocate
    if stands == "stop":
        yield Step("fact", _("Somebody of us looks at this order before it counts. You need to do nothing."))
    elif stands == "allow":
        yield Step("taken", _("Somebody of us looked at it and approved it."), at=at)
    else:
        yield Step("refused", _("We looked at this order and could not count it."), _ask(), at=at, url=_claim())


def _ask() -> str:
    return _("If you think that this is wrong, tell us, and somebody looks at it.")


def _claim() -> str:
    return reverse("referrals:file_claim")


def _verdicts(decision: Decision) -> Iterable[Step]:
    words = {
        ("advocate", "allow"): _("Somebody on the staff looked at the advocate's side and approved it."),
        ("advocate", "refuse"): _("Somebody on the staff looked at the advocate's side and refused it."),
        ("friend", "allow"): _("Somebody on the staff looked at the friend's side and approved it."),
        ("friend", "refuse"): _("Somebody on the staff looked at the friend's side and refused it."),
    }
    if SideVerdict.STOP not in (decision.advocate_side, decision.friend_side):
        return
    for verdict in sorted(decision.verdicts.all(), key=lambda verdict: verdict.pk):
        if verdict.undone_at is None:
            state = "taken" if verdict.verdict == "allow" else "refused"
            yield Step(state, words[verdict.side, verdict.verdict], at=verdict.at)


def _scored(decision: Decision) -> Iterable[Step]:
    """What the checks found, and what it adds up to."""
    found = signals(decision)
    if not found:
        return
    limits = TermsDocument.read(decision.terms.document) if decision.terms else TermsDocument()
    score = decision.trace.get("score", {})
    words = _("The checks add up to %(advocate)d for the advocate and %(friend)d for the friend.")
    title = words % {"advocate": score.get("advocate", 0), "friend": score.get("friend", 0)}
    bounds = _("From %(stop)d on a person looks at it, from %(refuse)d on it is refused.")
    passed = decision.advocate_side == decision.friend_side == "allow"
    state = "fact" if passed else "refused"
    yield Step(state, title, bounds % {"stop": limits.stop_at, "refuse": limits.refuse_at})
    yield from found


def _signal(name: str, advocate: int, friend: int) -> Step:
    hint = reasons.SIGNALS.get(name)
    if advocate == friend:
        words = ngettext("%(points)d point: %(signal)s", "%(points)d points: %(signal)s", advocate)
    else:
        words = _("%(points)d for the advocate, %(friend)d for the friend: %(signal)s")
    title = words % {"points": advocate, "friend": friend, "signal": str(hint.to_manager) if hint else name}
    return Step("fact", title, str(hint.innocent) if hint else "", name)


def _steps(decision: Decision) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = decision.trace.get("steps", [])
    return found


def _touches(told: Iterable[Mapping[str, Any]]) -> list[UUID]:
    return [UUID(step["touch"]) for step in told if step.get("touch")]


def _by_rule(decision: Decision) -> set[str]:
    """What rules refused for; the touch that they refused carries the same code."""
    return {told["code"] for told in _steps(decision) if told["what"] in ("rule", "cap")}


def _sentence(told: Mapping[str, Any], reader: str) -> str:
    found = (reasons.FACTS if told["what"] == "fact" else reasons.REASONS).get(told["code"])
    return str(getattr(found, reader)) if found else ""


def _amount(told: Mapping[str, Any]) -> str:
    """What of an order counts, in figures."""
    facts = told["facts"]
    if told["code"] != "counted" or not facts.get("currency"):
        return ""
    return display(facts["counted"], Unit("cash", facts["currency"]), locales.active())


def _instant(told: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(told["at"]) if told.get("at") else None
