import io
import struct
import zlib

import pytest
from PIL import Image

from brand import pictures
from tests.pictures import HEIC, encoded


def opened(content):
    return Image.open(io.BytesIO(content.read()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_makes_a_square_webp_of_what_cameras_and_programs_make(kind):
    made = pictures.reencode(io.BytesIO(encoded((900, 600), kind)))

    image = opened(made)
    assert (image.format, image.size) == ("WEBP", (512, 512))
    assert made.name.endswith(".webp")


def test_reads_what_an_iphone_makes():
    made = opened(pictures.reencode(io.BytesIO(HEIC)))

    assert made.size == (64, 64)
    red, green, blue = made.getpixel((32, 32))
    assert (red < 30, 100 < green < 160, blue < 30) == (True, True, True)


def test_never_makes_a_small_picture_larger():
    assert opened(pictures.reencode(io.BytesIO(encoded((30, 90))))).size == (30, 30)


def test_keeps_the_shape_of_a_logo():
    assert opened(pictures.reencode(io.BytesIO(encoded((900, 300))), size=300, square=False)).size == (300, 100)


def test_keeps_transparency():
    made = opened(pictures.reencode(io.BytesIO(encoded(mode="RGBA", color=(255, 0, 0, 0)))))

    assert made.mode == "RGBA"
    assert made.getpixel((5, 5))[3] == 0


def test_takes_the_first_frame_of_a_moving_picture():
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])

    made = opened(pictures.reencode(buffer))

    assert getattr(made, "n_frames", 1) == 1
    red, _green, blue = made.convert("RGB").getpixel((10, 10))
    assert (red > 200, blue < 50) == (True, True)


def test_turns_it_upright_and_drops_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    picture = Image.new("RGB", (40, 40), "blue")
    picture.paste("red", (0, 0, 40, 20))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)

    made = opened(pictures.reencode(buffer))

    assert not made.getexif()
    assert made.getpixel((35, 20))[0] > 200
    assert made.getpixel((5, 20))[2] > 200


def test_gives_every_picture_a_name_of_its_own():
    content = encoded()

    assert pictures.reencode(io.BytesIO(content)).name != pictures.reencode(io.BytesIO(content)).name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        encoded((400, 400), "PNG", color="blue")[:200],
        encoded((400, 400), "JPEG")[:400],
        encoded(kind="BMP"),
        encoded(kind="TIFF"),
    ],
    ids=["empty", "zeros", "svg", "pdf", "cut png", "cut jpeg", "bmp", "tiff"],
)
def test_refuses_what_is_no_picture_of_ours(content):
    with pytest.raises(pictures.UnusablePicture) as refused:
        pictures.reencode(io.BytesIO(content))

    assert refused.value.code == "unusable_picture"


def bomb(side):
    """A PNG of side by side pixels in a few bytes."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [6_400, 9_000, 20_000])
def test_refuses_more_pixels_than_memory_should_hold(side):
    with pytest.raises(pictures.PictureTooLarge):
        pictures.reencode(io.BytesIO(bomb(side)))


def test_refuses_more_bytes_than_agreed(settings):
    settings.UPLOAD_MAX_BYTES = 100

    with pytest.raises(pictures.PictureTooLarge):
        pictures.reencode(io.BytesIO(encoded((400, 400), "BMP")))
