"""Publishing the user agreement: a new text is a new version, and no version ever changes."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from brand.models import Agreement
from spine import audit, events
from spine.inserts import insert_once
from spine.refusal import Refusal


class PublishedMeanwhile(Refusal):
    """Another version came out after the one that this text was written upon."""

    code = "agreement_published_meanwhile"
    sentence = _("Version %(version)s was published while you wrote. Read it first, then publish yours upon it.")


class NothingChanged(Refusal):
    """The text is the one that stands."""

    code = "agreement_unchanged"
    status = 422
    sentence = _("This is the text that stands already. Change it, then publish it.")


@transaction.atomic
def publish(text: str, *, upon: int, at: datetime, actor: audit.Party) -> Agreement:
    """Publish a text as the version after `upon` (0: the first).

    The same text sent twice is one version. Raises PublishedMeanwhile, NothingChanged.
    """
    text = text.replace("\r\n", "\n").strip() + "\n"
    if Agreement.objects.filter(version=upon, text=text).exists():
        raise NothingChanged
    agreement = Agreement(version=upon + 1, text=text, published_at=at)
    if not insert_once([agreement], key=["version"]):
        standing = Agreement.objects.get(version=upon + 1)
        if standing.text != text:
            raise PublishedMeanwhile(version=standing.version)
        return standing
    subject = ("agreement", str(agreement.version))
    audit.record(actor, "agreement.published", subject, at=at)
    events.record(
        "agreement.published",
        person=None,
        subject=subject,
        at=at,
        key=f"agreement.published:{agreement.version}",
        payload={"version": agreement.version},
    )
    return agreement
