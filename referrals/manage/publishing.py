"""Publishing a program's draft: what it says, what it changes, and what it means for orders on their way."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import View

from brand.access import AuthenticatedRequest, actor
from referrals import programs
from referrals.design import designing, diff, rules, summary
from referrals.manage.programs import may_manage
from referrals.models import Program
from referrals.models.program import State
from spine import clock


class PublishForm(forms.Form):
    """Which draft was read before it was published."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


@method_decorator([login_required, may_manage], name="dispatch")
class Publish(View):
    """Read the draft as people will, and publish it."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What publishing it would say and change."""
        program = get_object_or_404(programs.whole(Program.objects.all()), slug=slug)
        draft, newest = designing.draft(program), program.terms.order_by("-version").select_related("plan").first()
        context = {
            "program": program,
            "newest": newest,
            "version": newest.version + 1 if newest else 1,
            "sentence": summary.sentence(draft.terms, draft.plan, program.currency),
            "sections": rules.read(program, draft.terms, draft.plan),
            "changes": diff.from_published(newest, draft.terms, draft.plan, program.currency) if newest else [],
            "is_running": programs.state_at(program, clock.now()) in (State.LIVE, State.PAUSED),
            "form": PublishForm(initial={"revision": draft.revision}),
        }
        return render(request, "referrals/manage/publish_program.html", context)

    def post(self, request: AuthenticatedRequest, slug: str) -> HttpResponse:
        """Publish exactly the draft that was read."""
        program, form = get_object_or_404(Program, slug=slug), PublishForm(request.POST)
        draft = designing.draft(program)
        if not form.is_valid() or form.cleaned_data["revision"] != draft.revision:
            raise designing.DraftChangedMeanwhile
        published = designing.publish(program, draft.terms, draft.plan, actor(request), clock.now())
        messages.success(request, _("Version %(version)s is published.") % {"version": published.version})
        return redirect("referrals:program_life", slug)
