"""The addresses at which the brand is seen and set up."""

from django.urls import path

from brand import agreement_views, brand_views, mail_views, reader_views, views

app_name = "brand"

urlpatterns = [
    path("brand.css", views.stylesheet, name="stylesheet"),
    path("unsubscribe/<str:token>/", reader_views.unsubscribe, name="unsubscribe"),
    path("manage/brand/", brand_views.BrandPage.as_view(), name="brand_page"),
    path("manage/brand/preview/", brand_views.preview_landing, name="preview_landing"),
    path("manage/brand/preview/brand.css", brand_views.preview_stylesheet, name="preview_stylesheet"),
    path("manage/brand/preview/email/", brand_views.preview_email, name="preview_email"),
    path("manage/agreement/", agreement_views.AgreementPage.as_view(), name="agreement_page"),
    path("manage/agreement/<int:version>/", agreement_views.agreement_version, name="agreement_version"),
    path("manage/mail/", mail_views.mail_setup, name="mail_setup"),
    path("manage/mail/test/", mail_views.send_test, name="send_test"),
    path("manage/mail/suppressions/", mail_views.SuppressionList.as_view(), name="suppressions"),
    path("manage/mail/suppressions/add/", mail_views.Suppress.as_view(), name="suppress"),
    path("manage/mail/suppressions/<int:pk>/lift/", mail_views.Lift.as_view(), name="lift"),
]
