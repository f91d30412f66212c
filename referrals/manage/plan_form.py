"""A plan as the further fields of a program's form show it, and what those fields say as a plan."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from referrals.manage import plan_fields
from referrals.manage.worth_fields import in_minor
from rewards.ladders import ONCE, BadLadder, Ladder, Step
from rewards.plans import IN_WORDS, BadPlan, Benefit, Cap, PlanDocument, Rule
from spine import money

# So many empty rows stand below what is there.
EMPTY = 1
MOST_ROWS = 20
_STEP = re.compile(
    r"(?P<name>[^:]{1,40}):\s*(?P<takes>[\d.,]+)(?:\s*,\s*(?P<times>\d+(?:[.,]\d{1,4})?)\s*x)?(?:\s*,\s*(?P<perks>.*))?"
)


@dataclass(frozen=True)
class Fold:
    """Some fields under a title, open where something of them is filled in or wrong."""

    title: str
    fields: Sequence[forms.BoundField]
    is_open: bool


class PlanForm:
    """What of a plan the form's further fields say; `form` gets the fields, their names begin with what they are of."""

    def __init__(self, form: forms.Form, plan: PlanDocument, currency: str) -> None:
        self.form, self.plan, self.currency = form, plan, currency
        self.caps = self._rows("cap", len(plan.caps))
        self.rules = self._rows("rule", len(plan.rules))
        for side, _name in plan_fields.SIDES:
            form.fields.update(plan_fields.details(side))
        form.fields.update(plan_fields.whole())
        for number in range(self.caps):
            form.fields.update(plan_fields.cap(f"cap{number}"))
        for number in range(self.rules):
            form.fields.update(plan_fields.rule(f"rule{number}"))

    def initial(self) -> dict[str, Any]:
        """The plan as the fields show it."""
        plan, found = self.plan, {}
        for side, _name in plan_fields.SIDES:
            found.update(_details_written(side, plan.of(side) or Benefit(side, "perk"), self.currency))  # type: ignore[arg-type]
        found["budget"] = _major(plan.budget, self.currency)
        found["points_worth"] = _major(plan.points_worth, self.currency)
        found["owed"] = plan.owed
        found.update(self._ladder_written(plan.ladder))
        for number, cap in enumerate(plan.caps):
            most = _major(cap.most, self.currency) if cap.counts == "worth" else str(cap.most)
            told = {"side": cap.side, "whose": cap.whose, "counts": cap.counts, "most": most, "period": cap.period}
            found.update({f"cap{number}_{name}": value for name, value in told.items()})
        for number, rule in enumerate(plan.rules):
            found.update(self._rule_written(f"rule{number}", rule))
        return found

    def folds(self) -> Iterator[Fold]:
        """All of them as one thinks of them."""
        for side, title in (
            ("friend", _("More about what the friend gets")),
            ("advocate", _("More about what the advocate gets")),
        ):
            yield self._fold(title, tuple(plan_fields.details(side)), _is_detailed(self.plan.of(side)))  # type: ignore[arg-type]
        whole = self.plan.budget is not None or self.plan.owed != "carry" or self.plan.points_worth != 100
        yield self._fold(_("Budget and points"), ("budget", "points_worth", "owed"), whole)
        for number in range(self.caps):
            names = tuple(plan_fields.cap(f"cap{number}"))
            yield self._fold(gettext("A limit on rewards"), names, number < len(self.plan.caps))
        yield self._fold(
            _("Tiers"), ("ladder_measure", "ladder_period", "ladder_months", "ladder_steps"), self.plan.ladder
        )
        for number in range(self.rules):
            names = tuple(plan_fields.rule(f"rule{number}"))
            yield self._fold(gettext("A further rule"), names, number < len(self.plan.rules))

    def read(self, told: Mapping[str, Any], benefits: Sequence[Benefit]) -> PlanDocument | None:
        """The whole plan; None, and errors beside the fields, where it can't be kept."""
        detailed = [self._detailed(benefit.side, benefit, told) for benefit in benefits]
        caps = [self._cap(f"cap{number}", told) for number in range(self.caps)]
        rules = [self._rule(f"rule{number}", told) for number in range(self.rules)]
        ladder = self._ladder(told)
        if self.form.errors:
            return None
        points = told.get("points_worth")
        try:
            return PlanDocument(
                tuple(each for each in detailed if each), tuple(each for each in rules if each),
                tuple(each for each in caps if each), told.get("budget"),
                100 if points is None else points, told.get("owed") or "carry", ladder,
            )  # fmt: skip
        except BadPlan as bad:
            self.form.add_error(None, bad.detail)
            return None

    def _fold(self, title: Any, names: Sequence[str], is_filled: Any) -> Fold:
        is_typed = self.form.is_bound and any(
            self.form.data.get(name) for name in names if name.endswith(("_most", "_name"))
        )
        is_wrong = any(name in self.form.errors for name in names) if self.form.is_bound else False
        return Fold(str(title), [self.form[name] for name in names], bool(is_filled) or is_typed or is_wrong)

    def _rows(self, stem: str, there: int) -> int:
        """How many rows to show: what is there, or was sent, and an empty one."""
        sent = [
            int(found[1]) + 1 for name in self.form.data if (found := re.fullmatch(rf"{stem}(\d{{1,2}})_\w+", name))
        ]
        return min(MOST_ROWS, max([there + EMPTY, *sent]))

    def _detailed(self, prefix: str, benefit: Benefit, told: Mapping[str, Any]) -> Benefit | None:
        if self.form.errors:
            return None
        if benefit.when == "before":
            return replace(benefit, cost=told.get(f"{prefix}_cost") or 0)
        try:
            return replace(
                benefit, minimum=told.get(f"{prefix}_minimum"), maximum=told.get(f"{prefix}_maximum"),
                hold_from=told.get(f"{prefix}_hold_from") or "order", expiry_days=told.get(f"{prefix}_expiry_days"),
                needs_approval=bool(told.get(f"{prefix}_needs_approval")), cost=told.get(f"{prefix}_cost") or 0,
                clawback=told.get(f"{prefix}_clawback") or "keep",
            )  # fmt: skip
        except BadPlan as bad:
            self.form.add_error(f"{prefix}_minimum", bad.detail)
            return None

    def _cap(self, prefix: str, told: Mapping[str, Any]) -> Cap | None:
        text = told.get(f"{prefix}_most")
        if not text:
            return None
        counts: Any = told.get(f"{prefix}_counts") or "rewards"
        try:
            most = in_minor(text, self.currency) if counts == "worth" else _whole_number(text)
            return Cap(
                told.get(f"{prefix}_whose") or "person", most, counts, told.get(f"{prefix}_period") or "ever",
                told.get(f"{prefix}_side") or "advocate",
            )  # fmt: skip
        except ValidationError as wrong:
            self.form.add_error(f"{prefix}_most", wrong)
        except BadPlan as bad:
            self.form.add_error(f"{prefix}_most", bad.detail)
        return None

    def _rule(self, prefix: str, told: Mapping[str, Any]) -> Rule | None:
        name, kind = told.get(f"{prefix}_name"), told.get(f"{prefix}_kind")
        if not name:
            return None
        worth = None if kind in IN_WORDS else told.get(f"{prefix}_worth")
        if not kind or (kind not in IN_WORDS and not worth):
            self.form.add_error(f"{prefix}_worth" if kind else f"{prefix}_kind", _("Fill this in."))
            return None
        try:
            benefit = Benefit(
                told.get(f"{prefix}_side") or "advocate", kind, **(dict([worth]) if worth else {}),
                hold_days=told.get(f"{prefix}_hold") or 0, words=told.get(f"{prefix}_words") or "",
                pool=told.get(f"{prefix}_pool") or None,
            )  # fmt: skip
        except BadPlan as bad:
            self.form.add_error(f"{prefix}_worth", bad.detail)
            return None
        detailed = self._detailed(prefix, benefit, told)
        if detailed is None:
            return None
        try:
            return Rule(
                name, detailed, goals=tuple(told.get(f"{prefix}_goals") or ()),
                at_least=told.get(f"{prefix}_at_least") or 0, countries=tuple(told.get(f"{prefix}_countries") or ()),
                tiers=_listed(told.get(f"{prefix}_tiers")), nth=told.get(f"{prefix}_nth"),
                group=told.get(f"{prefix}_group") or "",
            )  # fmt: skip
        except BadPlan as bad:
            self.form.add_error(f"{prefix}_name", bad.detail)
            return None

    def _ladder(self, told: Mapping[str, Any]) -> Ladder | None:
        measure = told.get("ladder_measure")
        if not measure:
            return None
        try:
            steps = tuple(
                self._step(line, measure) for line in (told.get("ladder_steps") or "").splitlines() if line.strip()
            )
            zone = self.plan.ladder.zone if self.plan.ladder else "UTC"
            return Ladder(measure, told.get("ladder_period") or "rolling", told.get("ladder_months") or 12, steps, zone)
        except ValidationError as wrong:
            self.form.add_error("ladder_steps", wrong)
        except BadLadder as bad:
            self.form.add_error("ladder_steps", bad.detail)
        return None

    def _step(self, line: str, measure: str) -> Step:
        """One tier. Raises ValidationError, BadLadder."""
        found = _STEP.fullmatch(line.strip())
        if not found:
            raise ValidationError(_("Write each line like “Gold: 10, 1.5x, a gift at Christmas”."))
        takes = in_minor(found["takes"], self.currency) if measure == "revenue" else _whole_number(found["takes"])
        times = Decimal((found["times"] or "1").replace(",", "."))
        return Step(found["name"].strip(), takes, int(times * ONCE), (found["perks"] or "").strip())

    def _ladder_written(self, ladder: Ladder | None) -> dict[str, Any]:
        if ladder is None:
            return {"ladder_measure": "", "ladder_period": "rolling", "ladder_months": 12, "ladder_steps": ""}
        lines = [self._step_written(step, ladder.measure) for step in ladder.steps]
        return {
            "ladder_measure": ladder.measure,
            "ladder_period": ladder.period,
            "ladder_months": ladder.months,
            "ladder_steps": "\n".join(lines),
        }

    def _step_written(self, step: Step, measure: str) -> str:
        takes = _major(step.threshold, self.currency) if measure == "revenue" else str(step.threshold)
        # Perks may begin with what looks like a multiplier.
        times = f"{Decimal(step.multiplier) / ONCE:f}x" if step.multiplier != ONCE or step.perks else ""
        return ", ".join(part for part in (f"{step.name}: {takes}", times, step.perks) if part)

    def _rule_written(self, prefix: str, rule: Rule) -> dict[str, Any]:
        benefit = rule.benefit
        worth = (
            f"{Decimal(benefit.percent) / 100:f} %"
            if benefit.percent is not None
            else (str(benefit.fixed) if benefit.kind == "points" else _major(benefit.fixed, self.currency))
        )
        told = {
            "name": rule.name, "side": benefit.side, "kind": benefit.kind, "worth": worth, "words": benefit.words,
            "hold": benefit.hold_days, "pool": benefit.pool or "", "goals": list(rule.goals),
            "at_least": _major(rule.at_least or None, self.currency), "countries": ", ".join(rule.countries),
            "tiers": ", ".join(rule.tiers), "nth": rule.nth, "group": rule.group,
        }  # fmt: skip
        return {f"{prefix}_{name}": value for name, value in told.items()} | _details_written(
            prefix, benefit, self.currency
        )


def _details_written(prefix: str, benefit: Benefit, currency: str) -> dict[str, Any]:
    told = {
        "minimum": _major(benefit.minimum, currency), "maximum": _major(benefit.maximum, currency),
        "hold_from": benefit.hold_from, "expiry_days": benefit.expiry_days, "needs_approval": benefit.needs_approval,
        "cost": _major(benefit.cost or None, currency), "clawback": benefit.clawback,
    }  # fmt: skip
    return {f"{prefix}_{name}": value for name, value in told.items()}


def _is_detailed(benefit: Benefit | None) -> bool:
    plain: dict[str, Any] = {
        "minimum": None,
        "maximum": None,
        "hold_from": "order",
        "expiry_days": None,
        "needs_approval": False,
    }
    plain |= {"cost": 0, "clawback": "keep"}
    return benefit is not None and any(getattr(benefit, name) != value for name, value in plain.items())


def _major(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{money.to_major(minor, currency):f}"


def _whole_number(text: str) -> int:
    """Raises ValidationError."""
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise ValidationError(_("Write a whole number as digits alone, like 10."))
    return int(text)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
