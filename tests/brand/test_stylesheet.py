"""The brand's colours as every page loads them."""

import math
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from brand import stylesheet
from brand.colour import contrast
from brand.models import Brand

ACCENTS = ["#c8412f", "#ffe600", "#1f6feb", "#777777", "#8a8a8a", "#000000", "#ffffff", "#00ff00", "#7f00ff", "#ff69b4"]


def oklch_to_hex(lightness, chroma, hue):
    """Björn Ottosson's matrices (https://bottosson.github.io/posts/oklab/)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    curved = (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055 for value in linear)
    return "#" + "".join(f"{round(value * 255):02x}" for value in curved)


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize(("grounds", "share"), [(stylesheet.LIGHT, 0.09), (stylesheet.DARK, 0.2)])
def test_keeps_every_pair_readable(accent, grounds, share):
    colours = stylesheet.declarations(accent, grounds, share)

    assert contrast(colours["--accent-ink"], colours["--accent"]) >= 4.5
    assert contrast(colours["--accent-ink"], colours["--accent-strong"]) >= 4.5
    assert min(contrast(colours["--accent-line"], under) for under in (colours["--accent-tint"], *grounds)) >= 3
    assert min(contrast(colours["--accent-text"], under) for under in (colours["--accent-tint"], *grounds)) >= 4.5


def test_knows_the_grounds_that_the_tokens_declare():
    tokens = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    declared = {"light": [], "dark": []}

    for name in ("paper", "surface", "sunken"):
        pair = re.findall(rf"--{name}: oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", tokens)
        for theme, (lightness, chroma, hue) in zip(("light", "dark"), pair, strict=True):
            declared[theme].append(oklch_to_hex(float(lightness) / 100, float(chroma), float(hue)))

    assert tuple(declared["light"]) == stylesheet.LIGHT
    assert tuple(declared["dark"]) == stylesheet.DARK


@pytest.mark.django_db
def test_is_kept_for_ever_under_the_name_of_its_bytes(client):
    Brand(pk=1, accent="#1f6feb").save()

    named = client.get(reverse("brand:stylesheet"), {"v": stylesheet.version("#1f6feb")})
    stale = client.get(reverse("brand:stylesheet"), {"v": stylesheet.version("#c8412f")})

    assert named["Content-Type"] == "text/css; charset=utf-8"
    assert named["Cache-Control"] == "public, max-age=31536000, immutable"
    assert stale["Cache-Control"] == "public, max-age=60"
    assert named.content == stale.content == stylesheet.css("#1f6feb").encode()
