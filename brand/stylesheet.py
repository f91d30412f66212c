"""The brand's accent as a stylesheet: every tint and ink that follows from the one colour an admin chose."""

import hashlib
from functools import lru_cache, reduce

from brand import colour

# What accent-coloured text stands on: --paper, --surface and --sunken of tokens.css, in light and in dark.
LIGHT = ("#fbf9f4", "#fffefb", "#f4f1eb")
DARK = ("#141a24", "#1b222d", "#0e131c")
PAPER, NIGHT = LIGHT[0], DARK[0]


@lru_cache(maxsize=64)
def css(accent: str) -> str:
    """Custom properties for light and dark in which every text on every ground keeps a contrast of 4.5."""
    light, dark = written(declarations(accent, LIGHT, 0.09)), written(declarations(accent, DARK, 0.2))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def declarations(accent: str, grounds: tuple[str, ...], share: float) -> dict[str, str]:
    """The accent's custom properties for these grounds; `share` is how much of the accent its tint holds."""
    tint = colour.mix(grounds[0], accent, share)
    fill = button(accent)
    ink = colour.ink_on(fill)
    return {
        "--accent": fill,
        "--accent-ink": ink,
        "--accent-strong": colour.mix(fill, "#000000" if ink == colour.WHITE else colour.WHITE, 0.14),
        "--accent-line": reduce(edged, (tint, *grounds), fill),
        "--accent-text": reduce(colour.readable, (tint, *grounds), accent),
        "--accent-tint": tint,
    }


def edged(accent: str, ground: str) -> str:
    """The accent where it must be told from the ground but not read: WCAG 2.2, success criterion 1.4.11."""
    return colour.readable(accent, ground, least=3)


def written(pairs: dict[str, str]) -> str:
    """Custom properties as a stylesheet writes them."""
    return ";".join(f"{name}:{value}" for name, value in pairs.items())


def button(accent: str) -> str:
    """The accent as the ground of a button: in the few middling colours that bear no ink, a shade darker or lighter."""
    return colour.readable(accent, colour.ink_on(accent))


def version(accent: str) -> str:
    """A short name of these very bytes."""
    return hashlib.sha256(css(accent).encode()).hexdigest()[:12]
