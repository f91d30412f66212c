"""Pictures that people send: decoded, stripped of everything but their pixels, and made small."""

import uuid
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from pi_heif.as_plugin import register_heif_opener
from PIL import Image, ImageOps

from spine.refusal import Refusal

# A file is what it decodes as, whatever it is called. SVG is a program, so it is no picture here.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")
# More than a phone takes is refused before a pixel is decoded: a small file can hold a picture that fills all memory.
MAX_PIXELS = 40_000_000
_HOW: dict[str, dict[str, int]] = {"WEBP": {"quality": 82}, "PNG": {"optimize": 1}}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
register_heif_opener()


class UnusablePicture(Refusal):
    """What was sent is no picture that we can show."""

    code = "unusable_picture"
    status = 422
    sentence = _("That file can't be read as a picture. Send a JPEG, PNG, WebP, GIF or HEIC.")


class PictureTooLarge(UnusablePicture):
    """The picture has too many bytes or too many pixels."""

    code = "picture_too_large"
    sentence = _("That picture is too large. Send one of at most 10 MB and 40 megapixels.")


def reencode(file: File | IO[bytes], *, size: int = 512, square: bool = True, kind: str = "WEBP") -> ContentFile:
    """The picture with a random name: turned upright, without EXIF, at most `size` pixels a side.

    `square` cuts out its middle. Of a moving picture the first frame is taken. `kind` is WEBP, the
    smallest, or PNG, which every mail program shows. Raises UnusablePicture.
    """
    length = file.seek(0, 2)
    if length > settings.UPLOAD_MAX_BYTES:
        raise PictureTooLarge
    file.seek(0)
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureTooLarge
            opened.draft("RGB", (size * 2, size * 2))
            return _encoded(_fitted(_plain(opened), size, square=square), kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise PictureTooLarge from bomb
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeError) as broken:
        raise UnusablePicture from broken


def _plain(opened: Image.Image) -> Image.Image:
    """Upright pixels in RGB, with their transparency where there is one."""
    upright = ImageOps.exif_transpose(opened)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _fitted(image: Image.Image, size: int, *, square: bool) -> Image.Image:
    if square:
        side = min(size, *image.size)
        return ImageOps.fit(image, (side, side))
    image.thumbnail((size, size))
    return image


def _encoded(image: Image.Image, kind: str) -> ContentFile:
    content = ContentFile(b"", name=f"{uuid.uuid4().hex}.{kind.lower()}")
    image.info.clear()
    image.save(content, kind, **_HOW[kind])
    content.seek(0)
    return content
