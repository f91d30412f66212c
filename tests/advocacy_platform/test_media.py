import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.test import override_settings


@pytest.fixture
def stored(db, tmp_path):
    """A folder of the test's own with one picture."""
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        default_storage.save("avatars/a.png", ContentFile(b"a picture"))
        yield tmp_path


def test_serves_a_picture(stored, client):
    answer = client.get("/media/avatars/a.png")

    assert b"".join(answer.streaming_content) == b"a picture"
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "data.json", "noending", "page.html%00.png"])
def test_serves_nothing_that_is_no_picture(stored, client, name):
    for stem in ("page.html", "drawing.svg", "data.json", "noending"):
        default_storage.save(stem, ContentFile(b"<script>"))

    answer = client.get(f"/media/{name}")

    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/media/../outside.png",
        "/media/%2e%2e/outside.png",
        "/media/avatars/../../outside.png",
        "/media/avatars/..%2f..%2foutside.png",
        "/media/avatars/..%5c..%5coutside.png",
        "/media//etc/outside.png",
        "/media/avatars",
        "/media/avatars/absent.png",
        "/media/folder.png",
    ],
)
def test_finds_nothing_outside_its_folder(stored, client, path):
    (stored / "outside.png").write_bytes(b"private")
    (stored / "media" / "folder.png").mkdir()

    assert client.get(path).status_code == 404


def test_only_reads(stored, client):
    assert client.post("/media/avatars/a.png").status_code == 405
    assert client.delete("/media/avatars/a.png").status_code == 405


def test_serves_from_any_storage(client, monkeypatch):
    storage = InMemoryStorage()
    storage.save("avatars/b.webp", ContentFile(b"elsewhere"))
    monkeypatch.setattr(default_storage, "_wrapped", storage)

    answer = client.get("/media/avatars/b.webp")

    assert b"".join(answer.streaming_content) == b"elsewhere"
    assert answer.headers["Content-Type"] == "image/webp"
