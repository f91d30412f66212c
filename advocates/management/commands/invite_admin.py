"""`manage.py invite_admin EMAIL`: the way in for the first admin, and back in when nobody is left."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from advocates import invitations
from advocates.models import StaffInvitation
from advocates.roles import ADMIN
from spine import clock

ACTOR = ("command", "invite_admin")


class Command(BaseCommand):
    help = "Invite an address to run the place, and print the link that the email carries too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as malformed:
            raise CommandError(f"{email!r} is not an email address.") from malformed
        try:
            invitation, link = self._invite(email)
        except invitations.AlreadyStaff as refusal:
            raise CommandError(f"{email} is an admin already.") from refusal
        self.stdout.write(
            f"{email} can become an admin until {invitation.expires_at:%d %B %Y, %H:%M} UTC here:\n{link}"
        )

    @transaction.atomic
    def _invite(self, email: str) -> tuple[StaffInvitation, str]:
        """An invitation that waits already is replaced, since its link can't be shown again."""
        at = clock.now()
        for waiting in StaffInvitation.objects.unanswered().filter(email__iexact=email):
            invitations.revoke(ACTOR, waiting, at=at)
        return invitations.invite(ACTOR, email, [ADMIN], at=at)
