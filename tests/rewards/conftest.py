from tests.spine.conftest import together  # noqa: F401
