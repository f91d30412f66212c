"""The programs: their list, making one, designing it with its summary beside, and publishing what was designed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import View

from brand.access import AuthenticatedRequest, actor
from referrals import programs
from referrals.design import designing, summary
from referrals.manage.draft_form import DraftForm
from referrals.manage.program_forms import CreateForm
from referrals.models import Program
from spine import clock, keyset
from spine.refusal import Refusal

may_manage = permission_required("referrals.manage_programs", raise_exception=True)


@require_safe
@login_required
@may_manage
def program_list(request: HttpRequest) -> HttpResponse:
    """Every program with its state, the newest first."""
    at = clock.now()
    found = Program.objects.prefetch_related("state_changes", "terms")
    page = keyset.page(found, order=("-id",), after=request.GET.get("after"), before=request.GET.get("before"))
    rows = [(program, programs.standing(program, at), programs.terms_at(program, at)) for program in page.rows]
    return render(request, "referrals/manage/programs.html", {"page": page, "rows": rows})


@method_decorator([login_required, may_manage], name="dispatch")
class Create(View):
    """Make a program."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for what it needs before it is designed."""
        return render(
            request, "referrals/manage/create_program.html", {"form": CreateForm(initial={"time_zone": "UTC"})}
        )

    def post(self, request: AuthenticatedRequest) -> HttpResponse:
        """Make it, and go on to its design."""
        form = CreateForm(request.POST)
        if not form.is_valid():
            return render(request, "referrals/manage/create_program.html", {"form": form}, status=422)
        program = designing.create(**form.cleaned_data, actor=actor(request), at=clock.now())
        messages.success(request, _("The program is made. Now say what it offers."))
        return redirect("referrals:edit_program", program.slug)


@method_decorator([login_required, may_manage], name="dispatch")
class Edit(View):
    """Design the next terms of a program."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The draft as it was saved."""
        program = get_object_or_404(Program, slug=slug)
        draft = designing.draft(program)
        sentence = summary.sentence(draft.terms, draft.plan, program.currency)
        return _design(request, DraftForm(program), sentence)

    def post(self, request: AuthenticatedRequest, slug: str) -> HttpResponse:
        """Show what it would say, or save it."""
        form = DraftForm(get_object_or_404(Program, slug=slug), request.POST)
        if not form.is_valid() or form.offer is None:
            return _design(request, form, "", status=422)
        if "preview" in request.POST:
            return _design(request, form, form.sentence())
        terms, plan = form.offer
        try:
            designing.edit(
                form.program,
                terms=terms,
                plan=plan,
                upon=form.cleaned_data["revision"],
                actor=actor(request),
                at=clock.now(),
                **form.columns(),
            )
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
            return _design(request, form, form.sentence(), status=refusal.status)
        messages.success(request, _("The draft is saved. Read it through, then publish it."))
        return redirect("referrals:publish_program", slug)


@require_POST
@login_required
@may_manage
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The summary of what stands in the form, or what is wrong with it; nothing is saved."""
    form = DraftForm(get_object_or_404(Program, slug=slug), request.POST)
    sentence = form.sentence() if form.is_valid() else ""
    return render(request, "referrals/manage/summary.html", {"form": form, "sentence": sentence})


def _design(request: HttpRequest, form: DraftForm, sentence: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "program": form.program, "sentence": sentence}
    return render(request, "referrals/manage/edit_program.html", context, status=status)
