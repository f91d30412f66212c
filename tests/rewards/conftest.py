from tests.spine.conftest import elsewhere, together  # noqa: F401
