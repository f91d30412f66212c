"""One reward for the staff, with all that happened to it, and what a person can do about it; and giving one."""

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from brand.access import AuthenticatedRequest, actor
from customers.models import Person
from rewards import amounts, explaining, people, proposals, releasing, words
from rewards.manage.approvals import may_approve
from rewards.models import Award, Proposal, Reward, Scheme
from rewards.models.reward import PLACES
from rewards.proposals import Wanted
from spine import clock
from spine.refusal import Refusal

may_see_rewards = permission_required("rewards.see_rewards", raise_exception=True)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)


class AmountAndReasonForm(forms.Form):
    """How much of it, and why."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    amount = forms.CharField(
        label=gettext_lazy("How much"),
        max_length=24,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, help_text=gettext_lazy("They read this, so be kind.")
    )

    unit = "PTS"

    def clean(self) -> dict[str, Any]:
        """The amount in minor units of what it is counted in."""
        cleaned = super().clean() or {}
        unit = cleaned.get("unit") or self.unit
        if text := cleaned.get("amount"):
            try:
                cleaned["amount"] = amounts.read(text, unit)
            except Refusal as wrong:
                self.add_error("amount", wrong.detail)
        return cleaned


class CorrectForm(AmountAndReasonForm):
    """What to correct of a reward."""

    kind = forms.ChoiceField(label=gettext_lazy("What"), widget=forms.RadioSelect)
    field_order = ("kind", "amount", "reason")

    def __init__(self, *args: Any, reward: Reward, **kwargs: Any) -> None:
        self.unit = reward.unit
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = [
            (kind, f"{Proposal.Kind(kind).label} ({amounts.written(proposals.most(reward, kind), reward.unit)})")
            for kind in (Proposal.Kind.TAKE_AWAY, Proposal.Kind.REVIVE, Proposal.Kind.FORGIVE)
            if proposals.most(reward, kind)
        ]


class GiveForm(AmountAndReasonForm):
    """What to give somebody."""

    scheme = forms.ModelChoiceField(
        label=gettext_lazy("Out of which program"), queryset=Scheme.objects.order_by("name", "pk"), empty_label=None
    )
    unit = forms.ChoiceField(label=gettext_lazy("What"))  # type: ignore[assignment]
    field_order = ("scheme", "unit", "amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units: Any = self.fields["unit"]
        units.choices = [(unit, words.unit(unit)) for unit in amounts.units()]


@require_safe
@login_required
@may_see_rewards
def manage_reward(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Where its amount is, why, and what happened to it."""
    return _page(request, _found(public_id))


@require_http_methods(["POST"])
@login_required
@may_approve
def release_reward(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """End its hold before its time."""
    found, form = _found(public_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, release=form, status=422)
    if people.own(request.user, [found.person_id]):
        raise proposals.OwnReward
    releasing.release_early(found, actor(request), form.cleaned_data["reason"], clock.now())
    messages.success(request, _("Released. It can be used from now on."))
    return redirect("rewards:manage_reward", public_id)


@require_http_methods(["POST"])
@login_required
@may_approve
def correct_reward(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Correct what was booked, or propose it to a second person."""
    found = _found(public_id)
    form = CorrectForm(request.POST, reward=found)
    if form.is_valid():
        told = form.cleaned_data
        wanted = Wanted(told["kind"], told["amount"], told["reason"], str(told["token"]), reward=found)
        try:
            return _proposed(request, proposals.propose(wanted, request.user, clock.now()))
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
    return _page(request, found, correct=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@may_approve
def give_reward(request: AuthenticatedRequest, person: UUID) -> HttpResponse:
    """Give somebody a reward."""
    human = get_object_or_404(Person, pk=person, merged_into=None)
    form = GiveForm(request.POST or None)
    if form.is_valid():
        told = form.cleaned_data
        wanted = Wanted(
            Proposal.Kind.AWARD, told["amount"], told["reason"], str(told["token"]), person=human.pk,
            scheme=told["scheme"], unit=told["unit"],
        )  # fmt: skip
        try:
            return _proposed(request, proposals.propose(wanted, request.user, clock.now()))
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
    name = people.names([human.pk]).get(human.pk, _("a friend who has not joined"))
    context = {"form": form, "name": name, "person": human.pk}
    return render(request, "rewards/manage/give_reward.html", context, status=422 if form.is_bound else 200)


def _proposed(request: AuthenticatedRequest, proposal: Proposal) -> HttpResponse:
    if proposal.is_open:
        messages.success(request, _("Proposed. It is done once somebody else on the staff agrees."))
        return redirect("rewards:manage_approvals")
    messages.success(request, _("Done, and booked."))
    assert proposal.reward is not None, "what is done is done to a reward"
    return redirect("rewards:manage_reward", proposal.reward.public_id)


def _found(public_id: UUID) -> Reward:
    return get_object_or_404(Reward.objects.select_related("scheme", "occasion", "plan"), public_id=public_id)


def _page(request: AuthenticatedRequest, found: Reward, status: int = 200, **forms: Any) -> HttpResponse:
    at: datetime = clock.now()
    award = Award.objects.filter(occasion=found.occasion_id, superseded_at=None).first()
    context = {
        "reward": found,
        "name": people.names([found.person_id]).get(found.person_id, _("A friend who has not joined")),
        "steps": explaining.steps([found], at)[found.pk],
        "unearned": explaining.unearned(award) if award else [],
        "places": [(words.PLACES[place], getattr(found, place)) for place in PLACES if getattr(found, place)],
        "by_hand": list(Proposal.objects.filter(reward=found).exclude(done_at=None).order_by("pk")),
        "is_own": bool(people.own(request.user, [found.person_id])),
        "waits": found.needs_approval and not found.approved_at and not found.withdrawn_at,
        "release": forms.get("release", ReasonForm()),
        "correct": forms.get("correct", CorrectForm(reward=found)),
        "at": at,
    }
    return render(request, "rewards/manage/reward.html", context, status=status)
