"""Where an outgoing request may go, and to which machine it then does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config.outgoing import listed
from intake.outgoing import posting
from intake.outgoing.addresses import Allowed, Refused, allowed, checked, is_public, may_reach, read
from intake.outgoing.signing import key_of, new_secret
from tests.intake.receiving import receiver

NOTHING = Allowed()


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "255.255.255.255", "224.0.0.1", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1",
        "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::1", "2002:a00:1::", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_special_addresses_are_not_reached(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(Refused, match="OUTGOING_ALLOWED"):
        checked(read("https://chat.example.org/"), NOTHING, lambda host, port: [text])


@pytest.mark.parametrize("text", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_public_addresses_are_reached(text: str) -> None:
    assert checked(read("https://chat.example.org/"), NOTHING, lambda host, port: [text])


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_way_of_writing_it_makes_a_private_address_public(address: object) -> None:
    number = int(ip_address(str(address)))
    for text in (f"::ffff:{address}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert not is_public(ip_address(text))


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(Refused):
        checked(read(f"http://{host}/"), NOTHING)


@pytest.mark.parametrize(
    "url",
    [
        "", "chat.example.org", "ftp://a.example/", "file:///etc/passwd", "https://", "https:///x", "http://:80/",
        "https://user:pass@a.example/", "https://user@a.example/", "https://a.example:0/", "https://a.example:99999/",
        "https://a.example/a b", "https://a.example/\r\nX: y", "https://a.example/\x7f", "https://ä.example/",
        "https://a.example/" + "x" * 500, "javascript:alert(1)", "https://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        read(url)


def test_of_an_address_only_scheme_host_and_port_are_shown() -> None:
    assert read("https://hooks.example.org/services/SECRET?k=SECRET").shown == "https://hooks.example.org"
    assert read("http://[2606:2800::1]:8080/x").shown == "http://[2606:2800::1]:8080"


def test_listed_networks_and_hosts_are_reached_and_others_not() -> None:
    some = allowed(["10.1.0.0/16", "::1", "Chat.internal"])
    assert may_reach("a.example", ip_address("10.1.2.3"), some)
    assert may_reach("a.example", ip_address("::1"), some)
    assert may_reach("chat.internal", ip_address("192.168.0.9"), some)
    assert not may_reach("a.example", ip_address("10.2.0.1"), some)
    assert not may_reach("other.chat.internal", ip_address("192.168.0.9"), some)


@pytest.mark.parametrize("word", ["10.0.0.1/8", "http://chat", "10.0.0.0/99", "a b", "*.internal"])
def test_a_setting_that_says_nothing_stops_the_start(word: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="OUTGOING_ALLOWED"):
        listed([word])


def test_only_the_addresses_that_may_be_reached_are_tried() -> None:
    found = ["10.0.0.1", "93.184.216.34", "127.0.0.1"]
    assert checked(read("https://a.example/"), NOTHING, lambda host, port: found) == ["93.184.216.34"]


def test_the_checked_address_is_connected_to_when_the_name_changes_its_mind() -> None:
    """A name that resolves to another machine the second time is asked once."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with receiver() as there:
        port = there.server_address[1]
        target = read(f"http://chat.nowhere.invalid:{port}/x")
        answer = posting.post(target, b"{}", {}, listed=allowed(["127.0.0.1"]), resolver=resolver)
    assert (answer.status, asked) == (204, ["chat.nowhere.invalid"])
    assert there.heard[0].headers["host"] == f"chat.nowhere.invalid:{port}"


def test_a_receiver_that_speaks_slowly_is_left() -> None:
    """Each byte comes in time, the whole does not."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            there, _ = listening.accept()
            with there:
                try:
                    while not gone.wait(0.02):
                        there.sendall(b"H")
                except OSError:
                    gone.set()

        thread = threading.Thread(target=drip)
        thread.start()
        target = read(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        with pytest.raises(TimeoutError, match="No whole answer"):
            posting.post(target, b"{}", {}, listed=allowed(["127.0.0.1"]), seconds=0.2)
        gone.set()
        thread.join()


def test_a_certificate_of_nobody_is_refused() -> None:
    """TLS is asked for the name, and what does not prove it gets nothing."""
    with receiver() as there:
        target = read(f"https://127.0.0.1:{there.server_address[1]}/")
        with pytest.raises(OSError, match="SSL|ssl|TLS|wrong version"):
            posting.post(target, b"secret", {}, listed=allowed(["127.0.0.1"]))
    assert there.heard == []


def test_a_secret_is_checked_before_it_is_kept() -> None:
    assert len(key_of(new_secret())) == 32
    for wrong in ("whsec_c2hvcnQ=", "whsec_no base64", ""):
        with pytest.raises(ValueError, match="secret"):
            key_of(wrong)
