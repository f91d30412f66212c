"""Static files as they are served in production: hashed, compressed, and the stylesheet in one piece."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLESHEET = "css/app.css"
IMPORT = re.compile(r"""@import\s+"(?P<file>[^"]+)"\s+layer\((?P<layer>[\w.-]+)\);""")


class JoinedManifestStorage(CompressedManifestStaticFilesStorage):
    """Joins the imports of app.css before files are hashed, since chained imports are slow on a phone."""

    # Our scripts are modules that import each other by name, and the names change with the content.
    support_js_module_import_aggregation = True

    def post_process(
        self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Hash and compress as ever, with the joined text in place of the table of contents."""
        if STYLESHEET in paths and not dry_run:
            joined = InMemoryStorage()
            joined.save(STYLESHEET, ContentFile(join(paths, STYLESHEET).encode()))
            paths = {**paths, STYLESHEET: (joined, STYLESHEET)}
        return super().post_process(paths, dry_run, **options)  # type: ignore[no-any-return, no-untyped-call]


def join(paths: dict[str, tuple[Storage, str]], name: str) -> str:
    """The stylesheet with each `@import "file" layer(name);` replaced by the file, in its layer."""
    folder = posixpath.dirname(name)

    def imported(match: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(folder, match["file"]))
        text = read(paths, file)
        if "@import" in text or "url(" in text:
            raise ImproperlyConfigured(f"{file} is joined into {name}, so it can neither import nor name another file.")
        return f"@layer {match['layer']} {{\n{text}}}"

    return IMPORT.sub(imported, read(paths, name))


def read(paths: dict[str, tuple[Storage, str]], name: str) -> str:
    """The text of one collected file."""
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
