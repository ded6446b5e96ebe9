"""The commands against a node that serves, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.node import Node
from ledger.cli import webhooks
from ledger.cli.main import run
from ledger.cli.watch import _show
from ledger.client.errors import AnswerMalformed
from ledger.client.events import InputChanged, WatchEvent
from ledger.client.terms import Terms
from ledger.client.watching import Watching
from tests.gateway.intake.material import new_token
from tests.gateway.watching.test_watch import served
from tests.gateway.webhooks.desk import (
    AUTHORISATION,
    NEVER,
    SUBJECT,
    change,
    members,
    record,
    turn,
)
from tests.support.receiver import Receiver, status


@dataclass(frozen=True)
class Done:
    exit: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(
    node: Node, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cli]:
    """`webhooks …` at the node."""
    monkeypatch.setenv("CREDIT_LEDGER_TOKEN", new_token(node, "read", name="bank"))
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    monkeypatch.setenv("COLUMNS", "240")
    with served(node) as url:

        def call(*words: str) -> Done:
            capsysbinary.readouterr()
            code = run(["webhooks", *words, "--to", url])
            done = capsysbinary.readouterr()
            return Done(code, done.out.decode(), done.err.decode())

        yield call


def test_from_the_first_to_the_last(node: Node, cli: Cli, receiver: Receiver) -> None:
    done = cli("list")
    assert (done.exit, done.out) == (0, "") and "no endpoints" in done.err
    done = cli("add", receiver.url, "--record", record(1).hex())
    assert done.exit == 0
    endpoint, secret = done.out.split()
    assert secret.startswith("whsec_")
    receiver.keys = [secret]
    done = cli("test", endpoint)
    assert (done.exit, done.out) == (0, "") and "came there" in done.err
    assert receiver.taken[0].signed_by == secret
    change(node, 1)
    receiver.on(status(410), times=1)
    turn(node, endpoint)
    done = cli("list")
    assert (done.exit, endpoint in done.out, receiver.url in done.out) == (0, True, True)
    assert "disabled: the receiver answered 410" in done.out and "1 records" in done.out
    done = cli("retry", endpoint)
    assert done.exit == 0 and "0 dead letters" in done.err
    turn(node, endpoint)
    assert receiver.taken[-1].value["data"]["record"] == record(1).hex()
    done = cli("rotate", endpoint)
    new = done.out.strip()
    assert (done.exit, new != secret, "signs until" in done.err) == (0, True, True)
    receiver.keys = [new]
    change(node, 1, version=2)
    turn(node, endpoint)
    assert receiver.taken[-1].signed_by == new
    done = cli("rotate", endpoint, "--end-old")
    assert done.exit == 0 and "until" not in done.err
    assert cli("remove", endpoint).exit == 0
    assert cli("list").out == ""
    for command in ("test", "retry", "rotate", "dead-letters", "remove"):
        done = cli(command, endpoint)
        assert (done.exit, done.out) == (1, "") and "[not-found]" in done.err


def test_dead_letters(
    node: Node, cli: Cli, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webhooks.schedule.TRIES", 1)
    endpoint = json.loads(cli("add", receiver.url, "--record", record(1).hex(), "--json").out)["id"]
    assert "no dead letters" in cli("dead-letters", endpoint).err
    receiver.on(status(500), times=1)
    change(node, 1)
    turn(node, endpoint)
    (line,) = cli("dead-letters", endpoint).out.splitlines()
    assert "record.changed" in line and "http-500" in line
    (told,) = json.loads(cli("dead-letters", endpoint, "--json").out)["items"]
    assert json.loads(told["body"])["data"]["record"] == record(1).hex()
    assert "1 dead letters" in cli("retry", endpoint).err
    turn(node, endpoint)
    assert len(receiver.taken) == 1
    assert json.loads(cli("list", "--json").out)["webhooks"][0]["deadLetters"] == 0


def test_a_subject(node: Node, cli: Cli, receiver: Receiver) -> None:
    asked = members(node)
    subject = ("--subject", SUBJECT, "--authorisation", AUTHORISATION.hex())
    done = cli("add", receiver.url, *subject, "--purpose", "post-loan", "--json")
    assert done.exit == 0
    told = json.loads(done.out)
    more = ("--subject", SUBJECT, "--purpose", "regulation", "--types", "penalty,licence")
    done = cli("add", told["id"], *more)
    assert (done.exit, done.out.split()) == (0, [told["id"]]), "no other secret"
    node.webhooks.asking.step(NEVER)
    assert {(one.purpose, one.types) for one in asked.asked} == {
        ("post-loan", ()),
        ("regulation", ("licence", "penalty")),
    }
    done = cli("list")
    assert SUBJECT in done.out and "2 subjects" in done.out and "followed" in done.out
    done = cli("remove", told["subject"])
    assert done.exit == 0, "events are sent about it, so it stays for that"
    assert len(json.loads(cli("list", "--json").out)["subjects"]) == 2
    assert cli("remove", told["id"]).exit == 0
    assert json.loads(cli("list", "--json").out) == {"webhooks": [], "subjects": []}


@pytest.mark.parametrize(
    "words",
    [
        ("add",),
        ("add", "https://a.example/", "--record", "zz"),
        ("add", "https://a.example/", "--subject", SUBJECT),
        ("add", "https://a.example/", "--authorisation", AUTHORISATION.hex()),
        ("add", "https://a.example/", "--subject", SUBJECT, "--purpose", "love"),
        ("add", "https://a.example/", "--subject", SUBJECT, "--purpose", "own", "--types", "A"),
        ("test", "zz"),
        ("remove",),
    ],
)
def test_wrong_usage(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli(*words)
    assert (done.exit, done.out) == (2, "")


def test_refused_in_words(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    done = cli("add", "ftp://a.example/")
    assert done.exit == 1 and "[webhook-target]" in done.err and "https" in done.err
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = cli("add", "ftp://a.example/")
    assert done.exit == 1 and "不向该地址发送" in done.err


def test_too_many_records(cli: Cli) -> None:
    words = [word for n in range(webhooks.MAX_RECORDS + 1) for word in ("--record", f"{n:064x}")]
    assert cli("add", "https://a.example/", *words).exit == 2


def came(name: str, data: dict[str, Any]) -> list[WatchEvent]:
    """What the client makes of one event of the stream."""
    stream = Watching((), None, Terms())
    sent = f"event: {name}\nid: 7.0a1b2c3d\ndata: {json.dumps(data)}\n\n"
    return list(stream.feed(sent.encode()))


def test_what_the_stream_shows_of_subjects(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    common: dict[str, Any] = {"at": "2026-12-01T00:00:00Z", "subject": "ab" * 16}
    told: dict[str, tuple[dict[str, Any], str]] = {
        "record.new": ({"record": "cd" * 32}, "new record"),
        "record.changed": ({"record": "cd" * 32, "listed": False}, "not listed any more"),
        "subject.refused": ({"code": "authorisation-expired"}, "authorisation-expired"),
        "subject.followed": ({"records": 3}, "followed"),
    }
    for name, (data, word) in told.items():
        (event,) = came(name, common | data)
        _show(event, as_json=False)
        line = capsys.readouterr().out
        assert word in line and "7.0a1b2c3d" in line and "ab" * 16 in line
        _show(event, as_json=True)
        assert json.loads(capsys.readouterr().out)["event"] == name
    assert came("something.else", {}) == []


def test_what_the_stream_shows_of_products(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {
        **{"_type": "credit-ledger/product-notice@1", "notice": "demo-bureau/ab/1/cd/5.0a1b2c3d"},
        **{"at": "2026-12-01T00:00:00Z", "member": "demo-bureau", "product": "ab" * 32},
        **{"version": 1, "record": "cd" * 32},
    }
    shown = {
        ("en", ("repaired", "closed"), ("demo-bank",)): "repaired, closed  users demo-bank",
        ("en", (), None): "no cause any more  7.",
        ("zh", ("repaired",), ()): "已修复  7.",
        ("zh", (), ("demo-bank",)): "已无影响  用户 demo-bank",
    }
    for (lang, causes, users), words in shown.items():
        monkeypatch.setenv("CREDIT_LEDGER_LANG", lang)
        more = {} if users is None else {"users": list(users), "more": False}
        (event,) = came("product.input-changed", told | {"causes": list(causes)} | more)
        assert isinstance(event, InputChanged)
        assert (event.causes, event.users, event.notice) == (causes, users, told["notice"])
        _show(event, as_json=False)
        line = capsys.readouterr().out
        assert words in line and "ab" * 32 in line and "cd" * 32 in line
        _show(event, as_json=True)
        document = json.loads(capsys.readouterr().out)
        assert (document["event"], document["id"]) == ("product.input-changed", "7.0a1b2c3d")
    with pytest.raises(AnswerMalformed):
        came("product.input-changed", told | {"version": "1"})
