"""The base of every refusal: an action that the state of things does not allow, said once for pages and API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """An action was refused and nothing changed.

    A subclass is named after the state that refuses (`AlreadyDecided`) and stands beside the function that raises it.
    `code` is stable and documented, `status` the HTTP status, `sentence` tells people what to do next.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    sentence: str | Promise = _("That can't be done right now.")

    def __init__(self, sentence: str | Promise | None = None, **facts: Any) -> None:
        """`facts` fill the sentence's `%(name)s` places and travel with the API's answer."""
        self.facts: Mapping[str, Any] = facts
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.code)

    @property
    def detail(self) -> str:
        """The sentence for people, in the language that is active now."""
        return str(self.sentence) % self.facts if self.facts else str(self.sentence)

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait before the same request can succeed, where that is known."""
        return self.facts.get("retry_after")
