"""Writing email down and sending it: a message is a row first, sent by a sweep, once for its key."""

import hashlib
import re
import smtplib
import time
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urljoin, urlsplit

import css_inline
from anymail.exceptions import AnymailRecipientsRefused
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.template import Context, TemplateDoesNotExist, loader

from brand import colour, stylesheet, suppression, unsubscribe
from brand.models import Brand, Message, Suppression
from spine import due, events
from spine.inserts import insert_once
from spine.nudges import nudge

SWEEP = "mail.send"
# A batch stops here, well inside its lease and the limits of its task, and leaves the rest to the next one.
BATCH_SECONDS = 50
# What an email is written on, by day and by night; templates/email/base.html says the same.
LETTER, LETTER_DARK = "#fffdf9", "#1d2430"
# For a page that is nothing but an email, shown in a frame of ours: an email brings its styles along, so they are
# allowed there, and besides them nothing but pictures.
READING_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups"],
}


def enqueue(
    *,
    key: str,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    at: datetime,
    transactional: bool = True,
) -> Message | None:
    """Write a message down in the caller's transaction; None if its natural `key` is written down already.

    `template` names templates/email/<template>.txt and, where it exists, .html. Both may say `brand`, `base_url`,
    `logo_url`, `subject` and, unless the message is transactional, `unsubscribe_url`. A message is transactional when
    its reader asked for it; anything else carries a one-click unsubscribe. Raises ValidationError for an address that
    is none.
    """
    validate_email(to)
    subject = one_line(subject)[:255]
    url = "" if transactional else unsubscribe.url(to)
    text, html = render(template, {**context, "subject": subject, "unsubscribe_url": url})
    headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url else {}
    message = Message(
        key=key,
        to=to,
        subject=subject,
        text=text,
        html=html,
        headers=headers,
        is_transactional=transactional,
        created_at=at,
        due_at=at,
    )
    if not insert_once([message], key=["key"]):
        return None
    nudge(SWEEP)
    return message


def render(template: str, context: Mapping[str, Any], brand: Brand | None = None) -> tuple[str, str]:
    """The text and the HTML of an email (empty without an HTML template), in the words and look of the brand."""
    brand = brand or Brand.current()
    logo_url = urljoin(settings.BASE_URL, brand.logo.url) if brand.logo else ""
    values = {
        "brand": brand,
        "base_url": settings.BASE_URL,
        "logo_url": logo_url,
        "accent": _accent(brand),
        **context,
    }
    text = re.sub(r"\n{3,}", "\n\n", _render(f"email/{template}.txt", values, escape=False)).strip() + "\n"
    try:
        html = css_inline.inline(_render(f"email/{template}.html", values, escape=True), keep_style_tags=True)
    except TemplateDoesNotExist as absent:
        if absent.args[0] != f"email/{template}.html":
            raise
        html = ""
    return text, html


def send_due(at: datetime) -> int:
    """Send one batch of what is due; return how many messages were taken up."""
    batch = _Batch(at)
    try:
        return due.deliver(Message.objects.filter(state=Message.State.QUEUED), batch.send, at=at)
    finally:
        batch.close()


def message_id(key: str) -> str:
    """The Message-ID of a message: the same for every attempt, so that a repeat is recognised by who receives it."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{urlsplit(settings.BASE_URL).hostname}>"


def one_line(text: str) -> str:
    """The text on one line without control characters, so that it can never end a header and begin another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def sender(brand: Brand) -> Address:
    """Who emails are from: the brand's sender, or the site's as long as it has none."""
    address = brand.sender_address or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return Address(one_line(brand.sender_name or brand.name), addr_spec=address)


def compose(message: Message, brand: Brand, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The message as it leaves, in the brand's name."""
    email = EmailMultiAlternatives(
        subject=one_line(message.subject),
        body=message.text,
        from_email=str(sender(brand)),
        to=[message.to],
        reply_to=[brand.support_address] if brand.support_address else None,
        headers={
            "Message-ID": message_id(message.key),
            "Date": format_datetime(message.created_at),
            **message.headers,
        },
        connection=connection,
    )
    if message.html:
        email.attach_alternative(message.html, "text/html")
    return email


class _Batch:
    """One batch's connection to whatever carries mail."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.brand = Brand.current()
        self.connection = get_connection()
        self.started = time.monotonic()
        self.unreachable: Exception | None = None

    def close(self) -> None:
        self.connection.close()

    def send(self, message: Message) -> Mapping[str, Any]:
        """Send one message and return what became of it.

        Whatever is raised here is tried again later. That includes an outcome nobody knows, such as silence after the
        whole message was handed over: it may then arrive twice, under one Message-ID, which is the lesser evil next to
        a code that never comes.
        """
        if suppression.is_suppressed(message.to, transactional=message.is_transactional):
            return {"state": Message.State.SUPPRESSED}
        if time.monotonic() - self.started > BATCH_SECONDS:
            return {"due_at": self.at, "attempts": message.attempts - 1}
        try:
            return self._hand_over(message)
        except smtplib.SMTPRecipientsRefused as refused:
            # A message has one recipient, named here as it was written on the wire.
            if all(is_permanent(code, answer) for code, answer in refused.recipients.values()):
                return self._bounced(message)
            raise
        except AnymailRecipientsRefused:
            return self._bounced(message)

    def _hand_over(self, message: Message) -> Mapping[str, Any]:
        email = compose(message, self.brand, self.connection)
        self._connect()
        try:
            email.send()
        except Exception:
            # A connection that was cut short is never reused.
            self.connection.close()
            raise
        status = getattr(email, "anymail_status", None)
        provider_id = str(getattr(status, "message_id", None) or "")[:200]
        return {"state": Message.State.SENT, "sent_at": self.at, "provider_id": provider_id}

    def _connect(self) -> None:
        if self.unreachable:
            # The others of this batch would each wait for the same timeout.
            raise self.unreachable
        try:
            self.connection.open()
        except Exception as unreachable:
            self.unreachable = unreachable
            raise

    def _bounced(self, message: Message) -> Mapping[str, Any]:
        suppression.suppress(message.to, Suppression.Reason.BOUNCE, at=self.at, actor=suppression.PROVIDER)
        record_bounce(message, self.at)
        return {"state": Message.State.BOUNCED}


def is_permanent(code: int, answer: bytes | str) -> bool:
    """Whether a mail server's answer to a recipient means that the address will never work.

    A 5.7.x (RFC 3463) or a demand to sign in is about us and our right to send there: the address is not to blame and
    the message waits until somebody has put that right.
    """
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return 500 <= code < 600 and code not in {530, 534, 535, 538} and not words.lstrip().startswith("5.7.")


def _accent(brand: Brand) -> dict[str, str]:
    fill = stylesheet.button(brand.accent)
    return {
        "fill": fill,
        "ink": colour.ink_on(fill),
        "text": colour.readable(brand.accent, LETTER),
        "text_dark": colour.readable(brand.accent, LETTER_DARK),
    }


def record_bounce(message: Message, at: datetime) -> None:
    """Say that a message did not reach its reader."""
    events.record(
        "message.bounced", person=None, subject=("message", str(message.pk)), at=at, key=f"message.bounced:{message.pk}"
    )


def _render(name: str, values: Mapping[str, Any], *, escape: bool) -> str:
    # A plain text has no markup to escape: "O'Brien" must not arrive as "O&#x27;Brien".
    template = loader.get_template(name).template  # type: ignore[attr-defined]
    rendered: str = template.render(Context(dict(values), autoescape=escape))
    return rendered.replace("\0", "")
