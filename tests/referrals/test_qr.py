from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from PIL import Image

from referrals.models import Code
from referrals.share import qr_codes
from tests.factories import make_link, make_program

URL = "https://friends.example/r/CDFH3479?s=qr"


def path(code, kind):
    return reverse("referrals:qr", args=[code, kind])


def dark(png):
    """Which modules of a PNG are black, row by row."""
    image = Image.open(BytesIO(png)).convert("1")
    return [[image.getpixel((x, y)) == 0 for x in range(8, image.width, 16)] for y in range(8, image.height, 16)]


def test_draws_the_same_as_svg_and_as_png():
    rows = dark(qr_codes.png(URL))
    ground, squares = ElementTree.fromstring(qr_codes.svg(URL))

    drawn = {tuple(map(int, mark.split("h")[0].split())) for mark in squares.get("d").split("M")[1:]}
    assert drawn == {(x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark}
    assert ground.get("fill") == "#fff"
    # Four white modules all around, or some readers see nothing.
    assert not any(any(row) for row in [*rows[:4], *rows[-4:]])
    assert not any(any([*row[:4], *row[-4:]]) for row in rows)
    assert all(rows[4][4:11])


def test_serves_both_kinds_of_file(client, cleo, settings):
    settings.BASE_URL = "https://friends.example"
    make_link(make_program(), cleo, "CDFH3479")

    svg, png = client.get(path("cdfh3479", "svg")), client.get(path("CDFH3479", "png"))

    assert (svg["Content-Type"], png["Content-Type"]) == ("image/svg+xml", "image/png")
    assert svg.content.decode() == qr_codes.svg(URL)
    assert png.content == qr_codes.png(URL)
    assert svg["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize(("code", "kind"), [("NOBODY", "svg"), ("CDFH3479", "gif"), ("CDFH3479", "svg.png")])
def test_serves_nothing_else(client, cleo, code, kind):
    make_link(make_program(), cleo, "CDFH3479")

    assert client.get(path(code, kind)).status_code == 404


def test_serves_nothing_of_the_erased(client, cleo):
    make_link(make_program(), cleo, "CDFH3479")
    Code.objects.update(text="")

    assert client.get(path("CDFH3479", "svg")).status_code == 404
