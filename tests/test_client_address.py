"""Where a request comes from: what a caller says of itself counts for nothing."""

import pytest

from firenze_digitale.client_address import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "1.1.1.1, 6.6.6.6", "6.6.6.6"),
        (2, "1.1.1.1, 6.6.6.6, 10.0.0.2", "6.6.6.6"),
        (2, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6:5678", "6.6.6.6"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "nonsense", None),
        (1, "", None),
    ],
)
def test_only_trusted_proxies_are_believed(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(rf.get("/", REMOTE_ADDR="10.0.0.1", **headers)) == address


@pytest.mark.django_db
def test_an_account_guessed_through_the_proxy_stays_open_for_others(browse, settings):
    from tests import factories

    settings.TRUSTED_PROXY_COUNT = 1
    factories.user("publiacqua")

    def log_in(password, address):
        form = {"username": "publiacqua", "password": password}
        return browse().post("/account/login/", form, headers={"x-forwarded-for": address})

    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = log_in("wrong", "6.6.6.6")
    assert answer.status_code == 429
    assert log_in(factories.PASSWORD, "6.6.6.6").status_code == 429
    assert log_in(factories.PASSWORD, "7.7.7.7").status_code == 302
