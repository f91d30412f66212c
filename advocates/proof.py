"""What becomes of an account on the day somebody proves that its address is theirs."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest


def take(request: HttpRequest, email_address: EmailAddress, **kwargs: Any) -> None:
    """Forget the ways in that stem from before the proof, unless whoever gave it came by one of them.

    Anybody can sign up with an address that is not theirs, and wait. Its owner then signs in by an emailed code, or
    asks for a new password, and must not share the account with a password or an account elsewhere of a stranger's.
    """
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    came_by_one = stage and stage.login.user and stage.login.user.pk == email_address.user_id
    if request.user.is_authenticated or came_by_one:
        return
    user = email_address.user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    SocialAccount.objects.filter(user=user).delete()
