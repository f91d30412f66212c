"""Template tags for how the site speaks."""

from django import template

register = template.Library()
