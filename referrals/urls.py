"""The addresses of programs, links and conversions."""

from django.urls import path

from referrals.manage import claims as manage_claims
from referrals.manage import conversions, life, links, overview, programs, publishing, review
from referrals.models.conversion import SideVerdict
from referrals.pages import claims, follow, qr, rules, share, snippet, story, ties, welcome

app_name = "referrals"

urlpatterns = [
    path("a.js", snippet.snippet, name="snippet"),
    path("claims/", claims.claims, name="claims"),
    path("claims/file/", claims.file, name="file_claim"),
    path("links/<uuid:public_id>/page/", share.page, name="page"),
    path("links/<uuid:public_id>/rename/", share.rename, name="rename"),
    path("manage/programs/", programs.program_list, name="programs"),
    path("manage/programs/create/", programs.Create.as_view(), name="create_program"),
    path("manage/links/", links.links, name="manage_links"),
    path("manage/links/export/", links.export, name="export_links"),
    path("manage/programs/<slug:slug>/", overview.program, name="program"),
    path("manage/programs/<slug:slug>/export/", overview.export, name="export_program"),
    path("manage/programs/<slug:slug>/edit/", programs.Edit.as_view(), name="edit_program"),
    path("manage/programs/<slug:slug>/preview/", programs.preview, name="preview_program"),
    path("manage/programs/<slug:slug>/publish/", publishing.Publish.as_view(), name="publish_program"),
    path("manage/programs/<slug:slug>/life/", life.program_life, name="program_life"),
    path("manage/programs/<slug:slug>/schedule/", life.schedule, name="schedule"),
    path("manage/programs/<slug:slug>/go-live/", life.go_live, name="go_live"),
    path("manage/programs/<slug:slug>/pause/", life.pause, name="pause"),
    path("manage/programs/<slug:slug>/resume/", life.resume, name="resume"),
    path("manage/programs/<slug:slug>/end/", life.end, name="end"),
    path("manage/programs/<slug:slug>/end-now/", life.end_now, name="end_now"),
    path(
        "manage/programs/<slug:slug>/shops/<slug:key>/no-past-customers/",
        life.no_past_customers,
        name="no_past_customers",
    ),
    path("manage/claims/", manage_claims.claims, name="manage_claims"),
    path("manage/claims/<uuid:public_id>/", manage_claims.claim, name="claim"),
    path("manage/claims/<uuid:public_id>/decline/", manage_claims.decline, name="decline_claim"),
    path("manage/claims/<uuid:public_id>/grant/", manage_claims.grant, name="grant_claim"),
    path("manage/conversions/", conversions.conversions, name="conversions"),
    path("manage/conversions/export/", conversions.export, name="export_conversions"),
    path("manage/conversions/<uuid:public_id>/", conversions.conversion, name="conversion"),
    path("manage/review/", review.review, name="review"),
    path("manage/review/<uuid:public_id>/approve/", review.Decide.as_view(), name="approve"),
    path(
        "manage/review/<uuid:public_id>/refuse/",
        review.Decide.as_view(verdict=SideVerdict.REFUSE),
        name="refuse",
    ),
    path("manage/review/verdicts/<uuid:public_id>/undo/", review.undo, name="undo_verdict"),
    path("qr/<str:code>.<str:kind>", qr.qr, name="qr"),
    path("r/<str:code>", follow.follow, name="follow"),
    path("rules/<slug:slug>/", rules.rules, name="rules"),
    path("rules/<slug:slug>/accept/", rules.accept, name="accept"),
    path("rules/<slug:slug>/<int:version>/", rules.rules, name="rules_version"),
    path("story/", story.story, name="story"),
    path("ties/", ties.ties, name="ties"),
    path("ties/cut/", ties.cut, name="cut"),
    path("ties/forget/", ties.forget, name="forget"),
    path("welcome/<str:code>/", welcome.Welcome.as_view(), name="welcome"),
]
