"""A program's rules for people: what its terms and plan say, in plain sentences under plain headings."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from brand import locales
from referrals.design import further, sayings, summary
from referrals.models import Program
from referrals.terms import TermsDocument
from rewards import words
from rewards.plans import Benefit, PlanDocument


@dataclass(frozen=True)
class Rules:
    """What the sentences are made of."""

    program: Program
    terms: TermsDocument
    plan: PlanDocument

    @property
    def currency(self) -> str:
        """What amounts are in."""
        return self.program.currency


@dataclass(frozen=True)
class Chapter:
    """One heading, how its sentences are found, and which fields of terms and benefits they speak of."""

    key: str
    title: Promise
    says: Callable[[Rules], list[str]]
    terms: tuple[str, ...] = ()
    benefit: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One heading with its sentences, as a page shows it."""

    key: str
    title: str
    sentences: list[str]


def read(program: Program, terms: TermsDocument, plan: PlanDocument) -> list[Section]:
    """All rules, in the order in which one asks."""
    rules = Rules(program, terms, plan)
    return [Section(chapter.key, str(chapter.title), chapter.says(rules)) for chapter in CHAPTERS]


def _offer(rules: Rules) -> list[str]:
    found = [summary.sentence(rules.terms, rules.plan, rules.currency)]
    for side in ("friend", "advocate"):
        benefit = rules.plan.of(side)
        found += [*_benefit(benefit, rules), *_conditions(benefit, rules.currency)] if benefit else []
    found += further.sentences(rules.plan, rules.currency)
    found.append(_("When an order is paid back, in whole or in part, its rewards go back in the same proportion."))
    return found


def _benefit(benefit: Benefit, rules: Rules) -> list[str]:
    facts = {"promise": words.promise(benefit, rules.currency, locales.active()), "days": benefit.hold_days}
    if benefit.when == "before":
        return [_("Your friend takes their code for %(promise)s from the page that your link opens.") % facts]
    if not benefit.hold_days:
        return []
    if benefit.side == "friend":
        return [
            ngettext(
                "What your friend gets waits %(days)s day, in case the order is sent back.",
                "What your friend gets waits %(days)s days, in case the order is sent back.",
                benefit.hold_days,
            )
            % facts
        ]
    return [
        ngettext(
            "What you get waits %(days)s day, in case the order is sent back. You see it from the first hour on.",
            "What you get waits %(days)s days, in case the order is sent back. You see it from the first hour on.",
            benefit.hold_days,
        )
        % facts
    ]


def _conditions(benefit: Benefit, currency: str) -> list[str]:
    """What is out of the ordinary about it."""
    found = []
    if benefit.minimum is not None or benefit.maximum is not None:
        told = _("A share comes to %(least)s at least and %(most)s at most.")
        found.append(told % sayings.limits(benefit, currency))
    if benefit.hold_from == "capture" and benefit.hold_days:
        found.append(sayings.hold_from(benefit))
    if benefit.expiry_days is not None:
        found.append(sayings.expiry(benefit))
    if benefit.needs_approval:
        found.append(sayings.approval(benefit))
    if benefit.clawback != "keep":
        found.append(sayings.clawback(benefit))
    return found


def _who_is_new(rules: Rules) -> list[str]:
    if rules.terms.new_customer == "anyone":
        return [_("Anyone counts, also those who ordered from us before.")]
    if rules.terms.new_customer == "lapsed":
        told = _("Your friend counts if they never ordered from us, or not for %(months)s.")
        return [told % {"months": sayings.months(rules.terms.lapsed_months)}]
    if rules.terms.new_customer == "no_order":
        return [_("Your friend counts if they have not ordered from us before.")]
    return [_("Your friend counts if they have not paid for an order of ours before.")]


def _window(rules: Rules) -> list[str]:
    told = _("Your friend has %(days)s after they followed your link or used your code.")
    return [
        told % {"days": sayings.days(rules.terms.window_days)},
        _("The time runs to the second, and a new visit begins it anew."),
    ]


def _precedence(rules: Rules) -> list[str]:
    told = _("When several people recommended us to the same friend: %(order)s.")
    found = [told % {"order": sayings.precedence(rules.terms.precedence)}]
    if rules.terms.precedence.groups[0] == ("manual",):
        found.append(
            _("A recommendation that we confirmed by hand, since you told us that it was missing, goes first.")
        )
    return found


def _goals(rules: Rules) -> list[str]:
    found = [_("What counts: %(steps)s.") % {"steps": summary.steps(rules.terms, rules.currency, is_named=False)}]
    if rules.terms.orders == "none":
        return found
    if rules.terms.orders == "months":
        told = _("Later orders count for %(months)s after the first one that counted, for the same advocate.")
        found.append(told % {"months": sayings.months(rules.terms.order_months)})
    found.append(_("Of an order we count %(lines)s.") % {"lines": sayings.lines(rules.terms.counts)})
    if rules.terms.minimum_order:
        told = _("What counts of it must come to at least %(amount)s.")
        found.append(told % {"amount": sayings.amount(rules.terms.minimum_order, rules.currency)})
    found.append(
        _("Only money that was collected counts, and only orders in %(currency)s.") % {"currency": rules.currency}
    )
    return found


def _limits(rules: Rules) -> list[str]:
    found = []
    if rules.terms.cap_per_advocate:
        found.append(
            ngettext(
                "At most %(count)s recommendation of yours counts.",
                "At most %(count)s recommendations of yours count.",
                rules.terms.cap_per_advocate,
            )
            % {"count": rules.terms.cap_per_advocate}
        )
    if rules.terms.cap_total:
        found.append(
            ngettext(
                "At most %(count)s recommendation counts in all, in the order in which they come.",
                "At most %(count)s recommendations count in all, in the order in which they come.",
                rules.terms.cap_total,
            )
            % {"count": rules.terms.cap_total}
        )
    if rules.terms.countries:
        told = _("The program is for advocates who live in %(countries)s.")
        found.append(told % {"countries": sayings.countries(rules.terms.countries)})
    return found or [_("There is no limit to how many friends you recommend us to, and you may live anywhere.")]


def _checks(rules: Rules) -> list[str]:
    return [
        _("Your own orders don't count, whichever address or card you use."),
        _("A recommendation that looks unusual waits until one of us has looked at it. You see when one waits."),
        _("You can read the reason of every decision, and tell us when a recommendation is missing."),
    ]


def _honesty(rules: Rules) -> list[str]:
    found = [_("When you recommend us, say that you may get something for it.")]
    if rules.program.disclosure:
        told = _("Your words to share end with “%(disclosure)s”. Leave it there, or say it in your own words.")
        found.append(told % {"disclosure": rules.program.disclosure})
    found.append(_("Share with people who want to hear it, and send no spam."))
    return found


def _time(rules: Rules) -> list[str]:
    day = _("An order is decided by the rules of the day on which it was placed, also when they change later.")
    first = _("A friend's later orders keep the rules of their first one.")
    return [
        *([day, first] if rules.terms.orders == "months" else [day]),
        _(
            "If the program pauses or ends, links still lead to the shop."
            " Orders placed after that instant don't count;"
            " what happened before is decided by the rules of that day."
        ),
        _("What you earned until then stays yours, and you spend it as before, until it expires if it does."),
    ]


CHAPTERS = (
    Chapter(
        "offer",
        gettext_lazy("What you both get"),
        _offer,
        benefit=(
            "side",
            "kind",
            "when",
            "fixed",
            "percent",
            "hold_days",
            "pool",
            "words",
            "minimum",
            "maximum",
            "hold_from",
            "expiry_days",
            "needs_approval",
            "cost",
            "clawback",
        ),
    ),
    Chapter("new", gettext_lazy("Who counts as a friend"), _who_is_new, ("new_customer", "lapsed_months")),
    Chapter("window", gettext_lazy("How long a recommendation holds"), _window, ("window_days",)),
    Chapter("precedence", gettext_lazy("Whose recommendation counts"), _precedence, ("precedence",)),
    Chapter(
        "goals",
        gettext_lazy("What counts"),
        _goals,
        ("signup", "qualified_lead", "orders", "order_months", "minimum_order", "counts"),
    ),
    Chapter("limits", gettext_lazy("Limits"), _limits, ("cap_per_advocate", "cap_total", "countries")),
    Chapter("checks", gettext_lazy("Fair play"), _checks, ("stop_at", "refuse_at", "second_pair_above")),
    Chapter("honesty", gettext_lazy("Say it openly"), _honesty),
    Chapter("time", gettext_lazy("When something changes"), _time),
)
