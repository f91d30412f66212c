"""Contrast as the guidelines compute it."""

import pytest

from brand.colour import channels, contrast, ink_on, luminance, mix, readable

ACCENTS = ["#c8412f", "#ffe600", "#1f6feb", "#777777", "#8a8a8a", "#000000", "#ffffff", "#00ff00", "#7f00ff", "#ff69b4"]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("#000000", 0.0), ("#ffffff", 1.0), ("#ff0000", 0.2126), ("#00ff00", 0.7152), ("#0000ff", 0.0722)],
)
def test_gives_the_luminance_that_the_standard_names(colour, expected):
    assert luminance(colour) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.478),
        ("#767676", "#ffffff", 4.542),
        ("#ff0000", "#ffffff", 3.998),
        ("#c8412f", "#ffffff", 4.938),
        ("#c8412f", "#c8412f", 1.0),
    ],
)
def test_gives_known_contrasts(one, other, expected):
    assert contrast(one, other) == pytest.approx(expected, abs=0.0005)


def test_does_not_mind_the_order_of_two_colours():
    assert contrast("#1f6feb", "#fbf9f5") == contrast("#fbf9f5", "#1f6feb")


def test_reads_short_colours():
    assert channels("#fa0") == (255, 170, 0)


@pytest.mark.parametrize("text", ["", "red", "c8412f", "#12", "#12345", "#gggggg", "#1234567"])
def test_refuses_what_is_no_colour(text):
    with pytest.raises(ValueError):
        channels(text)


def test_mixes_by_share():
    assert [mix("#000000", "#ffffff", share) for share in (0, 0.5, 1)] == ["#000000", "#808080", "#ffffff"]


@pytest.mark.parametrize(("colour", "ink"), [("#c8412f", "#ffffff"), ("#ffe600", "#16181d"), ("#000000", "#ffffff")])
def test_writes_on_a_colour_with_the_ink_that_is_read(colour, ink):
    assert ink_on(colour) == ink


def test_leaves_a_colour_that_is_readable_alone():
    assert readable("#c8412f", "#ffffff") == "#c8412f"


@pytest.mark.parametrize(
    ("colour", "on", "expected"), [("#ffe600", "#ffffff", "#827500"), ("#1f2a8a", "#141a24", "#797fb9")]
)
def test_moves_a_colour_no_further_than_needed(colour, on, expected):
    assert readable(colour, on) == expected


@pytest.mark.parametrize("on", ["#ffffff", "#fbf9f5", "#141a24", "#808080"])
@pytest.mark.parametrize("colour", ACCENTS)
def test_makes_any_colour_readable(colour, on):
    assert contrast(readable(colour, on), on) >= 4.5
