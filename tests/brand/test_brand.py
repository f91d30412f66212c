import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from brand import design, pictures
from brand.manage_forms import BrandForm
from brand.models import Brand
from spine.models import AuditEntry, Event
from tests.factories import NOON

STAFF = ("user", "u1")
FORM = {
    "name": "Halden Coffee",
    "accent": "#c8412f",
    "headline": "Good coffee travels.",
    "introduction": "Tell a friend.",
    "sender_name": "Anna",
    "sender_address": "anna@halden.example",
    "postal_address": "Harbour Street 12",
}


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def image(kind="PNG", size=(900, 300), **options):
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind, **options)
    return content.getvalue()


def upload(content, name="logo.png"):
    return SimpleUploadedFile(name, content)


def test_speaks_with_its_defaults_until_somebody_saves(db):
    assert (Brand.current().name, Brand.objects.count()) == ("Your brand", 0)


def test_counts_its_changes_with_an_audit_row_and_an_event_each(db):
    design.change(Brand(name="One"), at=NOON, actor=STAFF)
    design.change(Brand(name="Two"), at=NOON, actor=STAFF)

    assert list(Brand.objects.values_list("pk", "name", "revision")) == [(1, "Two", 2)]
    assert list(AuditEntry.objects.values_list("actor_id", "verb", "subject_id")) == [("u1", "brand.changed", "1")] * 2
    assert list(Event.objects.order_by("pk").values_list("name", "payload")) == [
        ("brand.changed", {"revision": 1}),
        ("brand.changed", {"revision": 2}),
    ]


@pytest.mark.parametrize(
    ("accent", "is_adjusted"), [("#c8412f", False), ("#8a1f12", False), ("#ffee00", True), ("#000000", False)]
)
def test_says_whether_an_accent_is_used_as_chosen(accent, is_adjusted):
    assert design.read_accent(accent).is_adjusted is is_adjusted


def test_changes_the_brand_from_the_page(ada, ada_client):
    response = ada_client.post(reverse("brand:brand_page"), FORM)

    brand = Brand.current()
    assert (response.status_code, response.url) == (302, reverse("brand:brand_page"))
    assert (brand.name, brand.headline, brand.sender_address) == (
        "Halden Coffee",
        "Good coffee travels.",
        "anna@halden.example",
    )
    assert AuditEntry.objects.get(verb="brand.changed").actor_id == str(ada.user.public_id)


def test_speaks_to_a_visitor_in_the_words_of_the_page(ada_client, client):
    ada_client.post(reverse("brand:brand_page"), FORM)

    page = client.get("/").content.decode()

    assert "Good coffee travels." in page
    assert "Halden Coffee" in page


def test_shows_a_preview_without_changing_anything(ada_client):
    draft = {**FORM, "accent": "#0a7d38", "preview": "1"}

    page = ada_client.post(reverse("brand:brand_page"), draft)

    assert page.status_code == 200
    assert not Brand.objects.exists()
    assert not Event.objects.exists()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    landing = ada_client.get(reverse("brand:preview_landing"))
    assert "Good coffee travels." in landing.content.decode()
    assert "frame-ancestors 'self'" in landing["Content-Security-Policy"]
    assert "'unsafe-inline'" not in landing["Content-Security-Policy"]
    assert "#0a7d38" in ada_client.get(reverse("brand:preview_stylesheet")).content.decode()
    email = ada_client.get(reverse("brand:preview_email"))
    assert "Halden Coffee" in email.content.decode()
    assert email["Content-Security-Policy"].count("'unsafe-inline'") == 1
    assert "script-src" not in email["Content-Security-Policy"]


def test_keeps_a_preview_to_whoever_designs_the_brand(ada_client, dan_client, client):
    ada_client.post(reverse("brand:brand_page"), {**FORM, "preview": "1"})

    assert dan_client.get(reverse("brand:preview_landing")).status_code == 404
    assert "Good coffee travels." not in client.get("/").content.decode()


@pytest.mark.parametrize("accent", ["red", "#12345", "#12345g", "#c8412f;}body{display:none", "#c8412f\n"])
def test_refuses_an_accent_that_is_no_colour(ada_client, accent):
    response = ada_client.post(reverse("brand:brand_page"), {**FORM, "accent": accent})

    expected = 302 if accent.strip() == "#c8412f" else 422
    assert response.status_code == expected
    assert [brand.accent for brand in Brand.objects.all()] == (["#c8412f"] if expected == 302 else [])


def test_keeps_a_logo_as_a_small_picture_without_metadata(ada_client):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(image("JPEG", exif=exif), "a.jpg")})

    logo = Brand.current().logo
    with logo.open(), Image.open(logo) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == ("PNG", (480, 160), {})
    assert logo.name.startswith("brand/")


def test_throws_the_old_logo_away_once_a_new_one_stands(ada_client, tmp_path, django_capture_on_commit_callbacks):
    ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(image())})
    with django_capture_on_commit_callbacks(execute=True):
        ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(image(size=(90, 90)))})

    assert [f"brand/{file.name}" for file in (tmp_path / "brand").iterdir()] == [Brand.current().logo.name]


def test_removes_its_logo_when_asked(ada_client):
    ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(image())})

    ada_client.post(reverse("brand:brand_page"), {**FORM, "logo-clear": "on"})

    assert Brand.current().logo.name == ""


def test_keeps_its_logo_when_another_thing_changes(ada_client):
    ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(image())})
    before = Brand.current().logo.name

    ada_client.post(reverse("brand:brand_page"), {**FORM, "name": "Another"})

    assert (Brand.current().name, Brand.current().logo.name) == ("Another", before)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        image()[:200],
        b"GIF89a",
        b"\0" * 100,
        image("BMP"),
    ],
    ids=["svg", "truncated", "headless", "zeros", "bitmap"],
)
def test_refuses_a_logo_that_is_no_picture(ada_client, content):
    response = ada_client.post(reverse("brand:brand_page"), {**FORM, "logo": upload(content)})

    assert response.status_code == 422
    assert "picture" in response.content.decode()
    assert not Brand.objects.exists()


def test_refuses_a_small_file_that_would_fill_all_memory():
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")

    with pytest.raises(pictures.PictureTooLarge):
        pictures.reencode(ContentFile(bomb.getvalue()), size=480, square=False)


def test_turns_a_picture_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    kept = pictures.reencode(ContentFile(image("JPEG", (300, 100), exif=exif)), size=200, square=False)

    with Image.open(kept) as upright:
        assert upright.size == (67, 200)


def test_cuts_out_the_middle_of_a_picture_that_must_be_square():
    kept = pictures.reencode(ContentFile(image(size=(300, 100))), size=80, square=True)

    with Image.open(kept) as square:
        assert square.size == (80, 80)


def test_hides_the_brand_page_from_an_outsider(dan_client):
    response = dan_client.post(reverse("brand:brand_page"), FORM)

    assert response.status_code == 404
    assert not Brand.objects.exists()


def test_sends_a_stranger_to_sign_in(db, client):
    response = client.post(reverse("brand:brand_page"), FORM)

    assert response.status_code == 302
    assert not Brand.objects.exists()


def test_reads_the_brand_once_a_page(db, client):
    with CaptureQueriesContext(connection) as queries:
        client.get("/")

    assert sum("brand_brand" in query["sql"] for query in queries) == 1


def test_asks_for_every_field_in_one_group():
    form = BrandForm()

    assert [field.name for _, fields in form.groups() for field in fields] == list(form.fields)
