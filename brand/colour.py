"""The mathematics of contrast between two colours written as #rrggbb."""

# WCAG 2.2, success criterion 1.4.3: text of ordinary size against what is behind it.
AA = 4.5
WHITE, INK = "#ffffff", "#16181d"


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of #rgb or #rrggbb, from 0 to 255; ValueError for anything else."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) != 6 or not colour.startswith("#"):
        raise ValueError(colour)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def luminance(colour: str) -> float:
    """Relative luminance, from 0 (black) to 1 (white): https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    red, green, blue = (_linear(value / 255) for value in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def contrast(a: str, b: str) -> float:
    """Contrast ratio, from 1 (alike) to 21 (black on white): https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((luminance(a), luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of it replaced by `other`."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def ink_on(colour: str) -> str:
    """White where white can be read on the colour, else the ink or white, whichever is read better."""
    if contrast(WHITE, colour) >= AA:
        return WHITE
    return max(INK, WHITE, key=lambda ink: contrast(ink, colour))


def readable(colour: str, on: str, least: float = AA) -> str:
    """The colour, moved towards black or white no further than it takes to be read on `on`."""
    towards = max("#000000", WHITE, key=lambda end: contrast(end, on))
    steps = (mix(colour, towards, step / 100) for step in range(101))
    return next((step for step in steps if contrast(step, on) >= least), towards)
