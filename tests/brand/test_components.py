"""What the components promise to the pages that use them."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django import forms
from django.template import Context, Template, engines
from django.test import RequestFactory
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from brand.charts import draw, scale_top
from brand.templatetags.brand import ago, initials

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Letter(forms.Form):
    """A form with a help text and a box to tick."""

    email = forms.EmailField(help_text="Where we write to.")
    agreed = forms.BooleanField(required=False)


def render(text, request=None, **context):
    """The text as a page would show it."""
    template = engines["django"].from_string(CottonCompiler().process(text))
    return re.sub(r"\s+", " ", template.render(context, request))


def test_ties_help_and_error_to_the_input():
    html = render('<c-field :field="form.email" />', form=Letter({"email": "nobody"}))

    assert '<label class="field__label" for="id_email">Email</label>' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_helptext">Where we write to.</div>' in html
    assert re.search(r'<ul class="field__errors" id="id_email_error"><li>.*Enter a valid email address\.', html)


def test_draws_fields_the_same_way_outside_of_components():
    assert '<label class="field__label" for="id_email">' in str(Letter())


def test_says_what_may_be_left_empty():
    class Wish(forms.Form):
        note = forms.CharField(required=False)

    assert '<span class="field__optional">optional</span>' in render('<c-field :field="form.note" />', form=Wish())


def test_puts_the_token_and_the_errors_of_the_whole_into_a_form():
    form = Letter({"email": "cleo@example.com"})
    form.add_error(None, "Write it again.")

    html = render('<c-form :form="form" submit="Send">More</c-form>', RequestFactory().get("/"), form=form)

    assert html.count("csrfmiddlewaretoken") == 1
    assert re.search(r'<div class="notice notice--bad " role="alert" .*<p>Write it again\.</p>', html)
    assert '<button class="button button--primary " type="submit" ><span>Send</span></button> More' in html


def test_keeps_the_other_parameters_when_turning_a_page():
    page = SimpleNamespace(previous_cursor="b1", next_cursor="c2")
    request = RequestFactory().get("/", {"q": "ben & co", "after": "a0"})

    html = render('<c-pagination :page="page" />', request, page=page)

    assert re.findall(r'rel="(\w+)" href="([^"]+)"', html) == [
        ("prev", "?q=ben+%26+co&amp;before=b1"),
        ("next", "?q=ben+%26+co&amp;after=c2"),
    ]


def test_shows_no_pages_where_there_is_one():
    page = SimpleNamespace(previous_cursor=None, next_cursor=None)

    assert render('<c-pagination :page="page" />', RequestFactory().get("/"), page=page).strip() == ""


def test_turns_a_button_with_an_address_into_a_link():
    assert re.search(
        r'<a class="button button--quiet " href="/home/" >',
        render('<c-button href="/home/" variant="quiet">Home</c-button>'),
    )
    assert (
        render("<c-button>Save</c-button>").strip().startswith('<button class="button button--primary " type="submit"')
    )


@pytest.mark.parametrize("attribute", [':data-name="name"', 'data-name="{{ name }}"'])
def test_escapes_what_it_passes_through(attribute):
    html = render(f"<c-button {attribute}>Save</c-button>", name='"x" onclick="alert(1)"')

    assert 'data-name="&quot;x&quot; onclick=&quot;alert(1)&quot;"' in html


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(minutes=4), "4 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (-timedelta(days=2), "in 2 days"),
        (timedelta(days=90), "Aug 23, 2026"),
    ],
)
@pytest.mark.django_db
def test_says_how_long_ago_it_was(before, words):
    with time_machine.travel(NOON, tick=False):
        assert ago(NOON - before).endswith(f">{words}</time>")


@pytest.mark.django_db
def test_gives_the_exact_time_in_the_title():
    with time_machine.travel(NOON, tick=False):
        html = ago(NOON - timedelta(hours=3))

    assert html == (
        '<time datetime="2026-11-21T09:00:00+00:00" title="November 21, 2026, 9:00:00\u202fAM UTC">3 hours ago</time>'
    )


@pytest.mark.django_db
def test_speaks_the_language_of_its_reader():
    with time_machine.travel(NOON, tick=False), translation.override("de"):
        assert ago(NOON - timedelta(hours=3)).endswith(">vor 3 Stunden</time>")


def test_says_nothing_of_an_instant_that_never_was():
    assert ago(None) == ""


@pytest.mark.parametrize(
    ("name", "letters"), [("Ben Okafor", "BO"), ("cleo", "C"), ("", "?"), ("Ana de la Cruz", "AC"), ("  ", "?")]
)
def test_shortens_a_name_to_its_initials(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (3, 4), (9, 10), (31, 40), (100, 100), (101, 200), (0.5, 1)]
)
def test_ends_a_scale_at_a_round_number(highest, top):
    assert scale_top(highest) == top


def test_draws_bars_in_proportion():
    low, high = draw([("Mon", 10), ("Tue", 20)]).marks

    assert (low.x, low.width, high.x) == (48.0, 224.0, 368.0)
    assert high.height == 2 * low.height
    assert low.y + low.height == high.y + high.height


def test_draws_a_chart_of_nothing():
    assert draw([]).marks == []


def test_repeats_a_chart_in_a_table():
    html = render(
        '<c-chart title="Clicks" :points="points" label="Day" measure="Clicks" />', points=[("Mon", 4), ("Tue", 9)]
    )

    assert 'role="img" aria-label="Clicks"' in html
    assert html.count("<rect") == 2
    assert '<th scope="row">Tue</th><td class="number">9</td>' in html


def test_knows_no_variable_of_the_page_around_it():
    assert "hero" not in Template(CottonCompiler().process("<c-card>x</c-card>")).render(Context({"title": "hero"}))
