"""What an operator makes from the command line: demo accounts and credentials of systems."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from partners.admission import admit
from partners.models import ApiCredential, Referent, User
from partners.tokens import Token
from tests import factories

NAMES = {"admin", "staff", "publiacqua", "silfi", "firenze-parcheggi"}


def call(*arguments, **options) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def development(settings, monkeypatch):
    settings.DEBUG = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    return monkeypatch


@pytest.fixture
def referents(db):
    """Of the three partners that have a demo account."""
    return {
        code: factories.referent(factories.partner(code), f"{code}-ict")
        for code in ("publiacqua", "silfi", "firenze-parcheggi")
    }


def test_demo_accounts_have_their_roles_and_one_random_password(development, referents):
    out, err = call("create_demo_accounts")
    password = out.split("Password of all: ")[1].split()[0]
    users = {user.username: user for user in User.objects.all()}
    assert users.keys() == NAMES
    assert len(password) >= 16
    assert all(user.check_password(password) for user in users.values())
    assert [name for name, user in users.items() if user.is_superuser] == ["admin"]
    assert [name for name, user in users.items() if user.is_city_staff] == ["staff"]
    for code, referent in referents.items():
        assert users[code].access.partner_ids == {referent.partner_id}
    assert err == ""


def test_demo_accounts_that_exist_stay_as_they_are(development, referents):
    call("create_demo_accounts")
    before = list(User.objects.order_by("pk").values())
    out, _err = call("create_demo_accounts")
    assert "make demo-password" in out
    assert "Password of all" not in out
    assert list(User.objects.order_by("pk").values()) == before


def test_demo_password_comes_from_the_environment_and_can_be_reset(development, referents):
    development.setenv("DEMO_PASSWORD", "una-parola-lunga")
    out, _err = call("create_demo_accounts")
    assert "una-parola-lunga" not in out
    assert User.objects.get(username="silfi").check_password("una-parola-lunga")
    development.delenv("DEMO_PASSWORD")
    out, _err = call("create_demo_accounts", "--reset-password")
    password = out.split("Password of all: ")[1].split()[0]
    assert all(user.check_password(password) for user in User.objects.all())


def test_demo_account_takes_no_referent_from_another_login(development, referents):
    owner = factories.user("somebody")
    Referent.objects.filter(code="silfi-ict").update(user=owner)
    _out, err = call("create_demo_accounts")
    assert "silfi answers for no partner" in err
    assert Referent.objects.get(code="silfi-ict").user == owner


def test_demo_accounts_are_refused_in_production(settings, referents):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        call("create_demo_accounts")
    assert not User.objects.exists()


def test_credential_prints_its_token_alone_and_stores_only_a_hash(publiacqua):
    out, err = call("create_api_credential", partner="publiacqua", access="write", name="Telecontrollo", expires_in=30)
    token = out.strip()
    credential = ApiCredential.objects.get(prefix=Token.read(token).prefix)
    assert (credential.partner, credential.access, credential.name) == (publiacqua, "write", "Telecontrollo")
    assert timedelta(days=29) < credential.expires_at - timezone.now() <= timedelta(days=30)
    assert token not in str(ApiCredential.objects.filter(pk=credential.pk).values())
    assert "Authorization: Bearer" in err
    assert token not in err


def test_credential_may_be_limited_to_resources(publiacqua):
    options = {"partner": "publiacqua", "access": "read", "name": "Lettura", "resources": ["assets", "placements"]}
    _out, err = call("create_api_credential", **options)
    assert ApiCredential.objects.get().resources == ["assets", "placements"]
    assert "assets, placements" in err
    with pytest.raises(CommandError, match="nothing"):
        call("create_api_credential", **options | {"resources": ["nothing"]})
    assert ApiCredential.objects.count() == 1


@pytest.mark.parametrize("told", ["{prefix}", "fdr_{prefix}", "{token}"])
def test_a_credential_is_revoked_by_its_prefix_or_by_a_token_that_was_found(told, publiacqua):
    token = Token.read(factories.credential(publiacqua))
    factories.credential(publiacqua)
    out, _err = call("revoke_api_credential", told.format(prefix=token.prefix, token=token))
    assert "publiacqua" in out
    assert token.secret not in out
    assert [each.prefix for each in ApiCredential.objects.exclude(revoked_at=None)] == [token.prefix]
    with pytest.raises(CommandError, match="revoked before"):
        call("revoke_api_credential", token.prefix)
    with pytest.raises(CommandError, match="No credential"):
        call("revoke_api_credential", "00000000")


def test_credential_without_days_has_no_end(publiacqua):
    out, _err = call("create_api_credential", partner="publiacqua", access="read", name="Lettura")
    assert admit(Token.read(out.strip()))[0].credential.expires_at is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"partner": "publiaqua"}, "Did you mean one of: publiacqua"),
        ({"expires_in": 0}, "days from 1 to"),
        ({"expires_in": 10**9}, "days from 1 to"),
        ({"name": "  "}, "name: "),
        ({"name": "x" * 201}, "name: "),
    ],
)
def test_wrong_input_makes_no_credential_and_says_why(publiacqua, change, said):
    options = {"partner": "publiacqua", "access": "read", "name": "Lettura"} | change
    with pytest.raises(CommandError, match=said):
        call("create_api_credential", **options)
    assert not ApiCredential.objects.exists()


def test_credential_in_an_empty_registry_says_what_to_load_first(db):
    with pytest.raises(CommandError, match="load_registry"):
        call("create_api_credential", partner="publiacqua", access="read", name="Lettura")
