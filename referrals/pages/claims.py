"""Claims for the advocate: what they say is missing, and what became of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from brand.access import AuthenticatedRequest
from customers.models import Person
from referrals.fields import DayField
from referrals.models import Claim, Program
from referrals.review import claims as claiming
from spine import clock, keyset
from spine.refusal import Refusal

SHOWN = 20


class FileForm(forms.ModelForm):
    """What somebody says is missing."""

    class Meta:
        model = Claim
        fields = ("program", "order_key", "recommended_on", "words")
        field_classes = {"recommended_on": DayField}
        widgets = {
            "recommended_on": DayField.widget,
            "words": forms.Textarea(attrs={"rows": 5}),
        }
        help_texts = {
            "order_key": gettext_lazy("It is in your friend's confirmation email. Ask them for it."),
            "recommended_on": gettext_lazy("As well as you remember it."),
            "words": gettext_lazy("How you told them of us, and what may have gone wrong. Please name nobody."),
        }

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["program"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = theirs = Program.objects.filter(links__person=person).order_by("-pk")
        field.empty_label = None
        if len(theirs) == 1:
            field.initial, field.widget = theirs[0].pk, forms.HiddenInput()


@require_safe
@login_required
def claims(request: AuthenticatedRequest) -> HttpResponse:
    """What this person claimed, the newest first, with the answers."""
    mine = Claim.objects.select_related("program").filter(person=request.user.person)
    cursors = {name: request.GET.get(name) for name in ("after", "before")}
    page = keyset.page(mine, order=("-filed_at", "-id"), limit=SHOWN, **cursors)
    return render(request, "referrals/claims.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def file(request: AuthenticatedRequest) -> HttpResponse:
    """Say what is missing."""
    person, status = request.user.person, 200
    form = FileForm(request.POST or None, person=person)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                claiming.file(person, **form.cleaned_data, at=clock.now())
            except Refusal as refusal:
                field = "recommended_on" if isinstance(refusal, claiming.NotRecommendedYet) else None
                form.add_error(field, refusal.detail)
                status = refusal.status
            else:
                messages.success(request, _("Thank you. We look at it, and you get our answer by email."))
                return redirect("referrals:claims")
    has_link = form.fields["program"].queryset.exists()  # type: ignore[attr-defined]
    return render(request, "referrals/file_claim.html", {"form": form, "has_link": has_link}, status=status)
