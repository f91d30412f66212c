"""Pictures as people, and others, send them."""

import base64
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

# A green square of 64 by 64 pixels as an iPhone keeps it; nothing that we use can write the format.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABoAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACJt"
    "ZGF0AAAAFigBrxmA93yFN//4wlf+ZH7/OwV4tHA="
)


def encoded(size=(40, 20), kind="PNG", color="red", mode="RGB", **options):
    """A picture's bytes in a format."""
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)
    return buffer.getvalue()


def sent(content, name="me.png", content_type="image/png"):
    """A file as a form sends it."""
    return SimpleUploadedFile(name, content, content_type)
