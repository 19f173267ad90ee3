"""Where messages may be sent: nowhere that only the registry reaches, whatever the name says next time."""

from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError

from firenze_digitale.env import networks
from firenze_digitale.webhooks.addresses import destination_of
from tests.receiving import LOOPBACK


def code_of(url: str) -> str:
    with pytest.raises(ValidationError) as refusal:
        destination_of(url)
    return refusal.value.code


NASTY = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "fe80::1", "fec0::1"),
    *("fc00::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001::1", "2001:db8::1", "3fff::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "5f00::1", "4000::1"),
]


@pytest.mark.parametrize("address", NASTY)
def test_nothing_is_sent_to_an_address_that_is_not_public(address, names):
    names["hooks.example.org"] = [address]
    assert code_of("https://hooks.example.org/") == "not_public"
    assert code_of(f"https://[{address}]/" if ":" in address else f"https://{address}/") == "not_public"


@pytest.mark.parametrize("written", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "LOCALHOST"])
def test_nor_where_the_address_is_written_in_another_way(written):
    assert code_of(f"https://{written}/") in ("not_public", "invalid")


def test_nor_where_one_of_several_addresses_is_private(names):
    names["hooks.example.org"] = ["8.8.8.8", "10.0.0.1"]
    assert code_of("https://hooks.example.org/") == "not_public"


def test_a_name_that_leads_nowhere_is_refused_in_the_same_words_as_a_private_one(names):
    names["intranet.example.org"] = ["10.0.0.1"]
    with pytest.raises(ValidationError) as private:
        destination_of("https://intranet.example.org/")
    with pytest.raises(ValidationError) as unknown:
        destination_of("https://nowhere.example.org/")
    assert private.value.messages == unknown.value.messages


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://8.8.8.8/", "scheme"),
        ("ftp://8.8.8.8/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://8.8.8.8/", "scheme"),
        ("//8.8.8.8/", "scheme"),
        ("", "scheme"),
        ("https://user:password@8.8.8.8/", "password"),
        ("https://8.8.8.8@127.0.0.1/", "password"),
        ("https://@8.8.8.8/", "password"),
        ("https://", "invalid"),
        ("https:///path", "invalid"),
        ("https://8.8.8.8\\@127.0.0.1/", "password"),
        ("https://8.8.8.8\\.example.org/", "invalid"),
        ("https://8.8.8.8/#part", "invalid"),
        ("https://8.8.8.8/a b", "invalid"),
        ("https://8.8.8.8/\r\nHost: other", "invalid"),
        ("https://8.8.8.8/\x00", "invalid"),
        ("https://società.example.org/", "invalid"),
        ("https://[fe80::1%25eth0]/", "invalid"),
        ("https://[8.8.8.8/", "invalid"),
        ("https://8.8.8.8:0/", "invalid"),
        ("https://8.8.8.8:99999/", "invalid"),
        ("https://8.8.8.8:x/", "invalid"),
        ("https://8.8.8.8:22/", "port"),
        ("https://8.8.8.8:25/", "port"),
        ("https://8.8.8.8:80/", "port"),
        ("https://8.8.8.8:993/", "port"),
    ],
)
def test_an_address_that_is_not_one_for_messages_is_refused(url, code):
    assert code_of(url) == code


@pytest.mark.parametrize(
    ("url", "port", "target"),
    [
        ("https://hooks.example.org", 443, "/"),
        ("https://HOOKS.example.org/path/?a=1&b=2", 443, "/path/?a=1&b=2"),
        ("https://hooks.example.org:8443/", 8443, "/"),
        ("https://hooks.example.org?x", 443, "/?x"),
    ],
)
def test_a_public_address_is_taken_with_all_that_its_name_leads_to(url, port, target, names):
    names["hooks.example.org"] = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]
    found = destination_of(url)
    assert (found.scheme, found.host, found.port, found.target) == ("https", "hooks.example.org", port, target)
    assert found.addresses == ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1")


def test_a_network_that_the_operator_allows_is_reached_by_http_and_on_any_port(settings):
    settings.WEBHOOK_NETWORKS = LOOPBACK
    assert destination_of("http://127.0.0.1:81/").addresses == ("127.0.0.1",)
    assert code_of("https://10.0.0.1/") == "not_public"
    assert code_of("http://8.8.8.8/") == "scheme"


def test_a_name_that_leads_into_an_allowed_network_and_out_of_it_is_judged_by_the_stricter_rule(settings, names):
    settings.WEBHOOK_NETWORKS = LOOPBACK
    names["hooks.example.org"] = ["127.0.0.1", "8.8.8.8"]
    assert code_of("http://hooks.example.org/") == "scheme"


def test_the_operator_lists_networks_in_a_variable(monkeypatch):
    monkeypatch.setenv("WEBHOOK_NETWORKS", "10.1.0.0/16, 192.168.7.20")
    assert networks("WEBHOOK_NETWORKS") == (ip_network("10.1.0.0/16"), ip_network("192.168.7.20/32"))
    monkeypatch.setenv("WEBHOOK_NETWORKS", "10.1.0.1/16")
    with pytest.raises(ImproperlyConfigured, match=r"WEBHOOK_NETWORKS holds “10\.1\.0\.1/16”"):
        networks("WEBHOOK_NETWORKS")
