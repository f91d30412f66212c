"""What the landing page says of a live program: the promise, and the honest small print."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from referrals import programs
from referrals.design import sayings, summary
from referrals.models import Program, Terms
from referrals.terms import TermsDocument
from rewards.plans import PlanDocument


@dataclass(frozen=True)
class Promise:
    """One live program as visitors meet it."""

    program: Program
    headline: str
    sentence: str
    print: list[str]


def promise(at: datetime) -> Promise | None:
    """What the oldest live program promises; None where none is live, or it promises nothing."""
    for program in programs.live(at):
        terms = programs.terms_at(program, at)
        if terms and PlanDocument.read(terms.plan.document).benefits:
            return _promise(program, terms)
    return None


def _promise(program: Program, terms: Terms) -> Promise:
    document, plan = TermsDocument.read(terms.document), PlanDocument.read(terms.plan.document)
    return Promise(
        program,
        summary.headline(plan, program.currency),
        summary.sentence(document, plan, program.currency),
        _print(document, plan),
    )


def _print(terms: TermsDocument, plan: PlanDocument) -> list[str]:
    """When it comes, how often, and who counts: what somebody would feel cheated by, were it only found later."""
    found = []
    advocate = plan.of("advocate")
    if advocate and advocate.hold_days:
        told = _("Your reward comes %(days)s after the order, in case it is sent back.")
        found.append(told % {"days": sayings.days(advocate.hold_days)})
    if terms.cap_per_advocate:
        found.append(_("At most %(count)s recommendations count for one person.") % {"count": terms.cap_per_advocate})
    if terms.cap_total:
        found.append(_("The first %(count)s recommendations count in all.") % {"count": terms.cap_total})
    found.append(_("Who counts: %(who)s.") % {"who": sayings.NEW[terms.new_customer]})
    told = _("A recommendation holds for %(days)s.")
    found.append(told % {"days": sayings.days(terms.window_days)})
    return found
