"""Pictures in a mail: they travel inside it, are told in words as well, and keep the whole small."""

from __future__ import annotations

import random
import struct
import zlib
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest
from django.core import mail as outgoing
from django.test import override_settings

from accounts import mail_notices
from accounts.mail import Letter, Picture
from accounts.mail_sending import MOST_BYTES, send_due
from accounts.models import Mail
from tests.accounts.mailing import SET_UP, mail, reader, server

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def png(width: int = 4, seed: int = 0) -> bytes:
    """A whole PNG of noise, which does not compress."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(width))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def letter(monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    """What the writer of notices writes in these tests: put one in."""
    given: list[Letter] = []
    monkeypatch.setattr(mail_notices, "letter", lambda *, mail, now: given[0])
    return given


def pictured(*pictures: Picture) -> Letter:
    html = "".join(f'<img src="{one.src}" alt="A line">' for one in pictures)
    return Letter("Week 22", "A line that rises.\n", f"<p>ä</p>{html}", pictures)


def send() -> int:
    mail(reader(), NOW)
    with override_settings(**SET_UP, MAIL_HELD_WHILE="tests.accounts.test_mail_pictures.never"):
        return send_due(now=lambda: NOW)


def never() -> bool:
    return False


def test_pictures_travel_beside_the_html_that_shows_them(letter: list[Letter]) -> None:
    line, bars = Picture("line", png(seed=1)), Picture("bars", png(seed=2))
    letter.append(pictured(line, bars))
    assert send() == 1
    sent = message_from_bytes(outgoing.outbox[0].message().as_bytes(), policy=default)
    assert isinstance(sent, EmailMessage)
    assert sent.get_content_type() == "multipart/alternative"
    text, related = sent.iter_parts()
    assert text.get_content().strip() == "A line that rises."
    assert related.get_content_type() == "multipart/related"
    html, *images = related.iter_parts()
    assert [image["Content-ID"] for image in images] == ["<line@hindcast>", "<bars@hindcast>"]
    assert [image.get_content() for image in images] == [line.png, bars.png]
    for image in images:
        assert f'src="cid:{image["Content-ID"][1:-1]}"' in html.get_content()
        assert image.get_content_disposition() == "inline"
    assert "ä" in html.get_content()


def test_a_letter_without_pictures_is_as_it_was(letter: list[Letter]) -> None:
    letter.append(pictured())
    send()
    sent = outgoing.outbox[0].message()
    assert [part.get_content_type() for part in sent.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_a_mail_that_is_too_large_is_closed_with_its_size(letter: list[Letter]) -> None:
    letter.append(pictured(Picture("large", png(width=160))))
    assert send() == 0
    row = Mail.objects.get()
    assert row.closed_at is not None
    assert f"at most {MOST_BYTES // 1000} 000 are sent" in row.error
    assert "has 10" in row.error
    assert outgoing.outbox == []


def test_a_mail_with_pictures_goes_through_a_real_server(letter: list[Letter]) -> None:
    picture = Picture("line", png(width=60))
    letter.append(pictured(picture))
    mail(reader(), NOW)
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    with (
        server() as running,
        override_settings(
            **SET_UP,
            MAIL_HELD_WHILE="tests.accounts.test_mail_pictures.never",
            EMAIL_BACKEND=smtp,
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=running.port,
            EMAIL_USE_TLS=False,
        ),
    ):
        assert send_due(now=lambda: NOW) == 1
    ((_, _, text),) = running.letters
    sent = message_from_string(text, policy=default)
    assert isinstance(sent, EmailMessage)
    images = [part for part in sent.walk() if part.get_content_type() == "image/png"]
    assert [image.get_content() for image in images] == [picture.png]
    assert len(text) < MOST_BYTES


def test_on_a_page_the_pictures_stand_in_the_html() -> None:
    picture = Picture("line", png())
    html = pictured(picture).html_alone
    assert "cid:" not in html
    assert 'src="data:image/png;base64,iVBOR' in html


@pytest.mark.parametrize(
    ("name", "content"), [("Line", png()), ("a b", png()), ("", png()), ("line", b"<svg/>")]
)
def test_what_is_no_picture_is_refused_at_once(name: str, content: bytes) -> None:
    with pytest.raises(ValueError, match="picture"):
        Picture(name, content)
