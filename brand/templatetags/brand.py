"""Template tags for how the site speaks and draws; every template has them without loading anything."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from babel.dates import format_date, format_datetime, format_timedelta
from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django_cotton.templatetags import Attrs

from brand import charts, locales, stylesheet
from brand.models import Brand
from spine import clock
from spine.money import Unit, display

register = template.Library()


@register.filter
def ago(instant: datetime | None) -> SafeString | str:
    """`3 hours ago` with the exact time in the title; past a month, the date."""
    if instant is None:
        return ""
    local = timezone.localtime(instant)
    exact = format_datetime(local, "long", locale=locales.active())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), exact, _distance(clock.now() - instant, local)
    )


def _distance(delta: timedelta, local: datetime) -> str:
    if abs(delta) > timedelta(days=30):
        return format_date(local, "medium", locale=locales.active())
    if abs(delta) < timedelta(seconds=45):
        return gettext("just now")
    return format_timedelta(-delta, add_direction=True, locale=locales.active())


@register.filter
def money(amount: int | None, unit: Unit | str) -> str:
    """An amount in minor units for people, in the language of the page; nothing for None."""
    return "" if amount is None else display(amount, unit, locales.active())


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and last word, for a picture that is missing."""
    words = str(name).split()
    return "".join(word[0] for word in dict.fromkeys([*words[:1], *words[-1:]])).upper() or "?"


@register.filter
def attributes(attrs: Attrs) -> SafeString:
    """A component's undeclared attributes, escaped; cotton's own text trusts a value that brings its quotes along."""
    given = {name: value for name, value in _undeclared(attrs).items() if value is not False and value is not None}
    flags = [(name,) for name, value in given.items() if value is True]
    pairs = [(name, value) for name, value in given.items() if value is not True]
    return mark_safe(format_html_join(" ", "{}", flags) + " " + format_html_join(" ", '{}="{}"', pairs))  # noqa: S308


def _undeclared(attrs: Attrs) -> dict[str, object]:
    return attrs.attrs_dict()  # type: ignore[no-any-return, no-untyped-call]


@register.simple_tag
def drawing(points: Sequence[tuple[str, float] | float] | None) -> charts.Drawing:
    """The marks of a chart from (label, number) pairs, or of a sparkline from bare numbers."""
    return charts.draw([point if isinstance(point, tuple) else ("", point) for point in points or []])


@register.simple_tag
def brand_stylesheet(brand: Brand | str) -> str:
    """Where the brand's colours are served; the address changes with them, so that they may be kept for ever."""
    accent = brand.accent if isinstance(brand, Brand) else Brand().accent
    return f"{reverse('brand:stylesheet')}?v={stylesheet.version(accent)}"
