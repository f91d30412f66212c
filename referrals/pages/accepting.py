"""The card on an advocate's home that asks for a yes to rules, and says what is new in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from customers.models import Person
from referrals.design import acceptance, diff, summary
from referrals.models import Program, Terms
from referrals.terms import TermsDocument
from rewards.plans import PlanDocument


@dataclass(frozen=True)
class Card:
    """One program's rules to accept: the offer in a sentence, and what changed where an earlier version was."""

    terms: Terms
    sentence: str
    is_first: bool
    changes: list[str]


def cards(person: Person, live: Sequence[Program], at: datetime) -> list[Card]:
    """A card for each of the `live` programs whose rules in force the person has not accepted."""
    return [_card(ask) for ask in acceptance.asks(person, live, at)]


def _card(ask: acceptance.Ask) -> Card:
    terms, currency = ask.terms, ask.terms.program.currency
    plan = PlanDocument.read(terms.plan.document)
    changes = diff.between(ask.before, terms, currency) if ask.before else []
    sentence = summary.sentence(TermsDocument.read(terms.document), plan, currency)
    return Card(terms, sentence, ask.before is None, changes)
