import pytest

from customers.disposable import is_disposable


@pytest.mark.parametrize("email", ["a@mailinator.com", "a@MAILINATOR.com", "a@x.y.mailinator.com", "a@mailinator.com."])
def test_knows_an_address_for_an_hour(email):
    assert is_disposable(email)


@pytest.mark.parametrize(
    "email", ["a@gmail.com", "a@example.com", "mailinator.com@example.com", "a@xmailinator.example", ""]
)
def test_takes_others_for_kept(email):
    assert not is_disposable(email)
