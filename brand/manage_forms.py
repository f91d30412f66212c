"""What staff may send about the brand and its mail."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from brand import pictures
from brand.models import Brand

# Twice the height and width at which a logo is shown, for screens with fine pixels.
LOGO_SIZE = 480


def _with_https(field: models.Field, **kwargs: Any) -> forms.Field | None:
    if isinstance(field, models.URLField):
        kwargs["assume_scheme"] = "https"
    return field.formfield(**kwargs)


class LogoInput(forms.ClearableFileInput):
    """A file to choose, beside the logo that stands."""

    template_name = "brand/logo_input.html"


class BrandForm(forms.ModelForm):
    """How the brand looks and speaks."""

    GROUPS: ClassVar = (
        (gettext_noop("How it looks"), ("name", "logo", "accent")),
        (gettext_noop("What visitors read first"), ("headline", "introduction", "shop_url")),
        (gettext_noop("Who writes the emails"), ("sender_name", "sender_address", "support_address")),
        (gettext_noop("What the law asks for"), ("terms_url", "privacy_url", "imprint_url", "postal_address")),
    )

    # Not an ImageField: what is a picture, and what is said when it is none, is decided in one place, `pictures`.
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=LogoInput(attrs={"accept": "image/*"}),
        help_text=_("JPEG, PNG, WebP, GIF or HEIC. It stands at the top of every page and email."),
    )

    class Meta:
        model = Brand
        # Whoever types an address without its scheme means https.
        formfield_callback = _with_https
        fields = (
            *("name", "logo", "accent", "headline", "introduction", "shop_url"),
            *("sender_name", "sender_address", "support_address"),
            *("terms_url", "privacy_url", "imprint_url", "postal_address"),
        )
        widgets: ClassVar = {
            "accent": forms.TextInput(attrs={"type": "color"}),
            "introduction": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts: ClassVar = {
            "accent": _(
                "For the one main action of a page, links and focus. Where it can't be read, a shade of it is."
            ),
            "headline": _("The first sentence on your front door."),
            "introduction": _("One or two sentences under it."),
            "sender_name": _("Who emails are from. The brand's name, unless you write another."),
            "sender_address": _("An address that your mail provider lets you send from."),
            "support_address": _("Where answers to emails go, and where people ask for help."),
            "postal_address": _("At the foot of every email. Many countries ask for it."),
        }

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as one thinks of them."""
        return [(gettext(title), [self[name] for name in names]) for title, names in self.GROUPS]

    def clean_logo(self) -> Any:
        """The logo as the site keeps it: small, upright, nothing but pixels."""
        logo = self.cleaned_data["logo"]
        if not isinstance(logo, UploadedFile):
            return logo
        try:
            return pictures.reencode(logo, size=LOGO_SIZE, square=False, kind="PNG")
        except pictures.UnusablePicture as unusable:
            raise ValidationError(unusable.detail, code=unusable.code) from unusable


class AgreementForm(forms.Form):
    """The text of the next version of the user agreement, and the version that it was written upon."""

    text = forms.CharField(
        label=_("Text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("Write Markdown: # for a heading, - for a list, [words](https://…) for a link."),
    )
    upon = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)


class SearchForm(forms.Form):
    """One address to look up."""

    address = forms.EmailField(label=_("Email"))


class SuppressForm(forms.Form):
    """One address not to be written to any more, and why."""

    address = forms.EmailField(label=_("Email"))
    words = forms.CharField(label=_("Why"), max_length=200)


class LiftForm(forms.Form):
    """Why an address may be written to again."""

    words = forms.CharField(label=_("Why"), max_length=200)
