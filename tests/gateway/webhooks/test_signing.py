"""What is sent verifies with the library, and nothing else does."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.statuses.changes import Change, Place
from gateway.watching.interfaces import Found, Kind
from gateway.webhooks import signing
from gateway.webhooks.signing import Message, headers, message_of, new_secret
from ledger.core.status import Flag, Outcome

HOUR = 3600
RECORD = hashlib.sha256(b"record").digest()


def changed(**values: object) -> Change:
    made: dict[str, object] = {
        "place": Place(number=7, mark="0a1b2c3d"),
        "at": 1_800_000_000,
        "record": RECORD,
        "flags": Flag.DISPUTED,
        "outcome": Outcome.REPAIRED,
        "version": 3,
        "recorded_at": 1_799_999_990,
        "effective_at": 1_799_900_000,
        "closed": True,
        "action": 5,
        "basis": 2,
        "block": 42,
    }
    return Change(**(made | values))  # type: ignore[arg-type]


def signed(message: Message, *keys: str, ago: int = 0) -> dict[str, str]:
    """By the clock of whoever verifies it, which is the machine's."""
    return dict(headers(message, int(datetime.now(UTC).timestamp()) - ago, keys))


def good(key: str, message: Message, told: dict[str, str], body: bytes | None = None) -> bool:
    try:
        Webhook(key).verify(message.body if body is None else body, told)
    except WebhookVerificationError:
        return False
    return True


def test_verified_by_the_library_and_by_hand() -> None:
    key, message = new_secret(), message_of(changed())
    told = signed(message, key)
    assert good(key, message, told)
    mac = hashlib.sha256  # HMAC from its definition (RFC 2104)
    secret = base64.b64decode(key.removeprefix("whsec_"))
    assert 24 <= len(secret) <= 64
    block = secret.ljust(64, b"\0")
    text = f"{message.id}.{told['webhook-timestamp']}.".encode() + message.body
    inner = mac(bytes(b ^ 0x36 for b in block) + text).digest()
    outer = mac(bytes(b ^ 0x5C for b in block) + inner).digest()
    assert told["webhook-signature"] == "v1," + base64.b64encode(outer).decode()


@pytest.mark.parametrize("what", ["body", "id", "secret", "time", "old", "early", "signature"])
def test_nothing_else_verifies(what: str) -> None:
    key, message = new_secret(), message_of(changed())
    told, body = signed(message, key), message.body
    if what == "body":
        body = body.replace(b"repaired", b"withdraw")
    elif what == "id":
        told["webhook-id"] = message_of(changed(place=Place(number=8, mark="0a1b2c3d"))).id
    elif what == "secret":
        key = new_secret()
    elif what == "time":
        told["webhook-timestamp"] = str(int(told["webhook-timestamp"]) + 1)
    elif what in ("old", "early"):
        told = signed(message, key, ago=HOUR if what == "old" else -HOUR)
    else:
        told["webhook-signature"] = "v1," + base64.b64encode(bytes(32)).decode()
    assert not good(key, message, told, body)


def test_by_both_secrets_while_they_overlap() -> None:
    new, old = new_secret(), new_secret()
    message = message_of(changed())
    told = signed(message, new, old)
    assert len(told["webhook-signature"].split(" ")) == 2
    assert good(new, message, told) and good(old, message, told)
    assert not good(old, message, signed(message, new)), "afterwards the new one alone"


def test_what_is_said_of_a_change() -> None:
    message = message_of(changed())
    assert (message.id, message.type, message.number) == ("evt_7_0a1b2c3d", "record.changed", 7)
    assert "." not in message.id
    assert signing.message_of(changed()) == message, "the same bytes at every try"
    value = Webhook(key := new_secret()).verify(message.body, signed(message, key))
    assert value == {
        "type": "record.changed",
        "timestamp": "2027-01-15T08:00:00Z",
        "data": {
            "record": RECORD.hex(),
            "flags": ["disputed"],
            "outcome": "repaired",
            "version": 3,
            "recordedAt": "2027-01-15T07:59:50Z",
            "effectiveAt": "2027-01-14T04:13:20Z",
            "closed": True,
            "action": "repair",
            "basis": 2,
            "block": 42,
        },
    }
    assert len(message.body) < 1024


def test_what_is_said_of_a_subject_names_nobody() -> None:
    place = Place(number=9, mark="ffffffff")
    found = Found(place=place, at=1_800_000_000, kind=Kind.REFUSED, watched="ab" * 16, code="x")
    message = message_of(found)
    assert message.type == "subject.refused"
    value = Webhook(key := new_secret()).verify(message.body, signed(message, key))
    assert value["data"] == {"subject": "ab" * 16, "code": "x"}
