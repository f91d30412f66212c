import pytest
from django.test import RequestFactory

from spine.client_address import client_address, network, subscriber


def request(remote="198.51.100.9", forwarded=None):
    headers = {"x-forwarded-for": forwarded} if forwarded is not None else {}
    return RequestFactory(REMOTE_ADDR=remote).get("/", headers=headers)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "198.51.100.9"),
        (0, "203.0.113.5", "198.51.100.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (2, "6.6.6.6, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5", "198.51.100.9"),
        (1, "", "198.51.100.9"),
        (1, "unknown", "198.51.100.9"),
        (1, ", ,", "198.51.100.9"),
        (1, "203.0.113.5:4711", "203.0.113.5"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (1, "x" * 100_000, "198.51.100.9"),
    ],
)
def test_reads_the_address_that_a_trusted_proxy_wrote(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies

    assert client_address(request(forwarded=forwarded)) == expected


@pytest.mark.parametrize("remote", ["", "unix:", "fe80::g"])
def test_knows_no_address_where_there_is_none(remote):
    assert client_address(request(remote=remote)) is None


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", "0.0.0.0"),
        (None, "0.0.0.0"),
    ],
)
def test_keeps_only_the_network(address, kept):
    assert network(address) == kept


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", None),
    ],
)
def test_counts_a_long_address_by_its_first_half(rf, address, counted):
    assert subscriber(rf.get("/", REMOTE_ADDR=address)) == counted
