"""What the friend page offers by a link, and the one discount code that it hands to each person."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from advocates import suspending
from advocates.models import Advocate
from customers.canonical import canonical_hash
from customers.disposable import is_disposable
from referrals import programs
from referrals.models import FriendCode, Link, Program
from referrals.models.program import State
from referrals.share import codes, destinations
from referrals.terms import TermsDocument
from referrals.visits import tokens
from rewards import pools
from rewards.models import Pool
from rewards.plans import Benefit, PlanDocument
from spine import events
from spine.inserts import insert_once
from spine.refusal import Refusal


class DisposableAddress(Refusal):
    """An address that its owner will have thrown away by tomorrow."""

    code = "disposable_address"
    status = 422
    sentence = _("This kind of address is gone in an hour. Use one that you keep: we send nothing to it.")


@dataclass(frozen=True)
class Offer:
    """One advocate's invitation into one program, as a friend finds it."""

    link: Link
    program: Program
    # None: nothing is handed out before the order; whoever comes goes on to the shop.
    benefit: Benefit | None = None
    terms: TermsDocument | None = None
    # Who invites, if they agreed to be named.
    inviter: str = ""

    def onward(self, at: datetime, *, token: str = "", to: str = "", coupon: str = "") -> str:
        """Where in the shop the friend goes on, with what the shop is to send back with their order.

        A token that proves no visit by this link is left out; a page that the program does not allow is not gone to.
        """
        page = destinations.allowed(self.program, to) if to else None
        visit = tokens.read(token, at) if token else None
        told = {destinations.TOKEN: token} if visit and visit.link == self.link.pk else {}
        told |= {destinations.COUPON: coupon} if coupon else {}
        return destinations.with_query(page or self.program.destination, {**destinations.utm(self.program), **told})


def find(code: str, at: datetime) -> Offer | None:
    """The offer behind a code; None if there is no such code, or its advocate was erased.

    Without a benefit where the program is not live, promises nothing before the order, or the advocate is suspended.
    """
    found = codes.find(code)
    if found is None:
        return None
    link, program = found.link, Program.objects.get(pk=found.link.program_id)
    prefetch_related_objects([program], "state_changes", "terms__plan")
    terms = programs.terms_at(program, at)
    benefit = PlanDocument.read(terms.plan.document).of("friend") if terms else None
    is_open = programs.state_at(program, at) == State.LIVE and not suspending.is_suspended(link.person_id, at)
    if terms is None or benefit is None or benefit.when != "before" or not is_open:
        return Offer(link, program)
    named = Advocate.objects.filter(person=link.person_id, is_named_to_friends=True)
    inviter = named.values_list("display_name", flat=True).first() or ""
    return Offer(link, program, benefit, TermsDocument.read(terms.document), inviter)


@transaction.atomic
def hand_out(offer: Offer, email: str, at: datetime) -> FriendCode:
    """The friend's one discount code, for their mailbox under whichever spelling.

    Who asks again is shown the same code, whatever browser they ask from: the answer looks the same the first time, so
    it tells nobody that somebody asked before. Raises DisposableAddress, PoolEmpty.
    """
    if is_disposable(email):
        raise DisposableAddress
    holder = canonical_hash(email)
    given = FriendCode.objects.select_related("pool_code").filter(program=offer.program, holder=holder)
    return given.first() or _give(offer, holder, at) or given.get()


def _give(offer: Offer, holder: str, at: datetime) -> FriendCode | None:
    """Take a code for the holder; None if they got one at this very moment."""
    code = pools.take(_pool(offer), holder, at)
    made = FriendCode(program=offer.program, link=offer.link, holder=holder, pool_code=code, given_at=at)
    if not insert_once([made], key=["program", "holder"]):
        return None
    events.record(
        "friend_code.given",
        person=offer.link.person_id,
        subject=("link", str(offer.link.public_id)),
        at=at,
        key=f"friend_code.given:{made.pk}",
        payload={"program": str(offer.program.public_id)},
    )
    return made


def _pool(offer: Offer) -> Pool:
    """The pool that the plan names. Raises PoolEmpty where it names none of the program's own."""
    pool = pools.of(offer.program.scheme_id, offer.benefit.pool if offer.benefit else None)
    if pool is None:
        raise pools.PoolEmpty
    return pool
