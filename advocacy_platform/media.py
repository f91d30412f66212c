"""Serving uploaded pictures, from whatever storage holds them, so that nothing else than a picture can come out."""

from pathlib import PurePosixPath

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

# What an ending is served as. SVG is missing since it is a program.
TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


@require_safe
def picture(request: HttpRequest, name: str) -> FileResponse:
    """One stored picture. Names are random and their content never changes, so a browser may keep it for good."""
    content_type = TYPES.get(PurePosixPath(name).suffix.lower())
    if content_type is None or not _is_plain(name):
        raise Http404
    try:
        file = default_storage.open(name)
    except (OSError, ValueError, SuspiciousOperation) as absent:
        raise Http404 from absent
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(file, content_type=content_type, headers=headers)


def _is_plain(name: str) -> bool:
    return "\\" not in name and all(part not in ("", ".", "..") for part in name.split("/"))
