import pytest

from referrals.visits.landings import LANDINGS, LOST
from referrals.visits.spool import SPOOL
from tests.spine.conftest import elsewhere, together  # noqa: F401


@pytest.fixture(autouse=True)
def spool(settings, tmp_path):
    """The folder of this test's own spool; no test remembers the links of another one."""
    settings.DATA_DIR = tmp_path
    SPOOL.close()
    LANDINGS.forget()
    LOST.forget()
    yield tmp_path / "spool"
    SPOOL.close()
