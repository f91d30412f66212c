"""The static files of a production site, made the way `collectstatic` makes them."""

import json
import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.test import override_settings

from brand.static_storage import join

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "brand.static_storage.JoinedManifestStorage"},
}


def sheets(**files):
    """Stylesheets as `collectstatic` hands them over."""
    storage = InMemoryStorage()
    for name, text in files.items():
        storage.save(f"css/{name}.css", ContentFile(text.encode()))
    return {f"css/{name}.css": (storage, f"css/{name}.css") for name in files}


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A folder of collected files."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=str(root), STORAGES=STORAGES):
        staticfiles_storage._setup()
        call_command("collectstatic", interactive=False, verbosity=0)
    staticfiles_storage._setup()
    return root


def test_puts_each_file_into_its_layer_in_order():
    paths = sheets(
        app="/* Contents. */\n@layer base, components;\n"
        '@import "base.css" layer(base);\n@import "card.css" layer(components);\n',
        base="a { color: red; }\n",
        card=".card { color: blue; }\n",
    )

    assert join(paths, "css/app.css") == (
        "/* Contents. */\n@layer base, components;\n"
        "@layer base {\na { color: red; }\n}\n@layer components {\n.card { color: blue; }\n}\n"
    )


@pytest.mark.parametrize("text", ['@import "more.css";', "a { background: url(a.png); }"])
def test_refuses_a_part_that_names_another_file(text):
    paths = sheets(app='@import "part.css" layer(base);', part=text)

    with pytest.raises(ImproperlyConfigured, match=r"css/part\.css is joined into css/app\.css"):
        join(paths, "css/app.css")


def test_serves_the_stylesheet_in_one_piece(collected):
    name = json.loads((collected / "staticfiles.json").read_text())["paths"]["css/app.css"]
    text = (collected / name).read_text()

    assert re.fullmatch(r"css/app\.[0-9a-f]{12}\.css", name)
    assert "@import" not in text
    assert text.index("@layer reset, base, layout, components, utilities;") < text.index("@layer base {")
    assert ".button--primary" in text
    assert (collected / f"{name}.br").exists()
    assert (collected / f"{name}.gz").exists()


def test_lets_scripts_import_each_other_by_their_hashed_names(collected):
    paths = json.loads((collected / "staticfiles.json").read_text())["paths"]
    imported = re.findall(r'import\s*"\./([^"]+)"', (collected / paths["js/app.js"]).read_text())

    assert len(imported) == 7
    assert all(re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name) and (collected / "js" / name).exists() for name in imported)
