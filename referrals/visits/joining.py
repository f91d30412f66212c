"""A friend who joins: their visits count for whoever recommended us, whatever they order under later."""

from collections.abc import Mapping
from datetime import datetime

from advocates.joining import Step
from customers.models import Person
from referrals import conversions, touches
from referrals.touches import Told
from referrals.visits import cookie


class OnJoining(Step):
    """The visits that a new advocate's browser proves are kept as theirs, whichever way they signed up."""

    def arrived(self, person: Person, cookies: Mapping[str, str], at: datetime) -> None:
        """Keep the visits that the cookie proves. It hangs on no session, so a new session key changes nothing."""
        told = Told(tokens=cookie.verified(cookies.get(cookie.NAME, ""), at))
        if told.tokens and touches.take(person, told, touched_at=at, at=at):
            conversions.open_for([person], at)
