"""QR codes of links, drawn for screens and for print."""

from io import BytesIO
from typing import Any

from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.main import QRCode

# White around it, in modules: a reader needs four.
_QUIET = 4
_PIXELS = 16


def svg(text: str) -> str:
    """One path of black squares on white, which stays black on white in the dark as well."""
    rows = _made(text).get_matrix()
    size = len(rows)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size * 8}" height="{size * 8}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>'
    )


def png(text: str) -> bytes:
    """The same as a picture that prints sharp on a card."""
    drawn = BytesIO()
    _made(text).make_image(image_factory=PilImage).save(drawn, format="PNG")
    return drawn.getvalue()


def _made(text: str) -> Any:
    code: Any = QRCode(error_correction=ERROR_CORRECT_M, box_size=_PIXELS, border=_QUIET)
    code.add_data(text)
    code.make(fit=True)
    return code
