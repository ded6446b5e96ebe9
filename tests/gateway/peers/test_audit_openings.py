"""`audit openings`: an auditor asks real gateways for what they said, and replays with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.base.db import begin_write
from gateway.statements import store
from gateway.statements.interfaces import Said
from ledger.audit import ask_openings as subject_
from ledger.audit.ask_openings import Asker, Subject, Told, subjects
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.replay import replay
from ledger.audit.tiles import Fetch, HttpFetch, log_url
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader
from ledger.cli.main import run
from ledger.core.keys import Purpose
from tests.core.statements import query_of
from tests.gateway.peers.conftest import AUDITOR, BANK, BEIJING
from tests.support.peers import Network, row
from tests.support.relay import change, drop_request, instead


@pytest.fixture(scope="module")
def said(network: Network) -> Network:
    """Beijing has filed a record and said something, which is in its log."""
    beijing = network[BEIJING]
    beijing.file(row(901))
    say(network, 1)
    return network


def say(network: Network, count: int) -> None:
    """Statements of Beijing, batched and anchored as of a night."""
    beijing = network[BEIJING]
    beijing.node.statements.issue([Said(sort="query", members=query_of(n)) for n in range(count)])
    batch = beijing.node.daily_batch
    terms = batch._maker.terms(None)
    with begin_write(beijing.node.ctx.engine, store.LOCK) as connection:
        waiting = store.count_waiting(connection, terms.log)
        batch._fill(connection, terms, batch._dummies(waiting, terms))
    beijing.settle()
    network.chain.anvil.mine()


@pytest.fixture
def reader(said: Network) -> Iterator[QuorumReader]:
    found = QuorumReader(said.chain.file, now=said.chain.anvil.head_time)
    yield found
    found.close()


def consortium_of(reader: QuorumReader, network: Network) -> tuple[Any, Consortium]:
    view = reader.head()
    return view, Consortium(network.chain.file.consortium, view.call, view.calls)


def beijing(reader: QuorumReader, network: Network) -> Subject:
    (found,) = [one for one in subjects(*consortium_of(reader, network)) if one.member == BEIJING]
    return found


def ask(
    reader: QuorumReader,
    network: Network,
    folder: Path,
    signer: LocalSigner | None = None,
    member: str = AUDITOR,
) -> Told:
    """What became of asking Beijing."""
    _, consortium = consortium_of(reader, network)
    http = Http(verify=False)
    try:
        asker = Asker(
            member=member,
            consortium=consortium,
            signer=signer or network.chain.keys[AUDITOR, Purpose.REQUEST],
            http=http,
            folder=folder,
            now=network[BEIJING].node.ctx.clock.seconds,
            pause=lambda seconds: None,
        )
        return asker.run(beijing(reader, network), lambda done: None)
    finally:
        http.close()


def fetch_for(network: Network, http: Http) -> Any:
    def found(base: str, log: bytes) -> Fetch | None:
        return HttpFetch(http, log_url(network[BEIJING].url, log)) if base else None

    return found


def replayed(reader: QuorumReader, network: Network, folder: Path) -> dict[str, Any]:
    """The report with these openings."""
    http = Http(verify=False)
    try:
        return replay(
            network.chain.file,
            reader=reader,
            fetch_for=fetch_for(network, http),
            openings=OpeningFiles([folder]),
        ).document
    finally:
        http.close()


def test_an_auditor_has_every_statement_opened(
    said: Network, reader: QuorumReader, tmp_path: Path
) -> None:
    told = ask(reader, said, tmp_path)
    assert (told.done, told.reason) == (told.size, None)
    (piece,) = tmp_path.rglob("*.json")
    assert piece.stat().st_mode & 0o077 == 0
    document = replayed(reader, said, tmp_path)
    assert document["statements"] == {"entries": 16, "opened": 16}
    assert document["findings"] == []


def test_it_goes_on_behind_what_it_has(
    said: Network, reader: QuorumReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_, "MAX_LEAVES", 5)
    relay, asked = said[BEIJING].relay, len(said[BEIJING].relay.seen)
    told = ask(reader, said, tmp_path)
    pieces = sorted(tmp_path.rglob("*.json"))
    assert len(pieces) == -(-told.size // 5)
    assert ask(reader, said, tmp_path).reason is None
    assert len(relay.seen) - asked == len(pieces)
    pieces[-1].unlink()
    assert ask(reader, said, tmp_path).done == told.size
    assert len(relay.seen) - asked == len(pieces) + 1


def test_what_was_answered_and_not_opened_is_found(
    said: Network, reader: QuorumReader, tmp_path: Path
) -> None:
    ask(reader, said, tmp_path)
    (piece,) = tmp_path.rglob("*.json")
    value = orjson.loads(piece.read_bytes())
    value["openings"].pop()
    piece.write_bytes(orjson.dumps(value))
    document = replayed(reader, said, tmp_path)
    assert [one["code"] for one in document["findings"]] == ["statement-unopened"]


def test_others_are_refused(said: Network, reader: QuorumReader, tmp_path: Path) -> None:
    told = ask(reader, said, tmp_path, said.chain.keys[BANK, Purpose.REQUEST], BANK)
    assert told.reason is not None
    assert (told.done, told.reason.code, told.reason.problem) == (0, "refused", "not-granted")
    assert list(tmp_path.rglob("*.json")) == []
    told = ask(reader, said, tmp_path, said.chain.keys[AUDITOR, Purpose.NOTE])
    assert told.reason is not None
    assert told.reason.code == "not-recognised"


def test_from_the_command_line(
    said: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, folder = tmp_path / "network.json", tmp_path / "openings"
    network.write_bytes(said.chain.file.encode())
    password = tmp_path / "password"
    password.write_text("一二三四五六七八\n")
    password.chmod(0o600)

    def key_of(member: str) -> str:
        signer = said.chain.keys[member, Purpose.REQUEST]
        path = tmp_path / f"{member}.json"
        word = password.read_bytes().strip()
        create("REQUEST", path, word, work=WORK_LIGHT, secret=signer._secret)
        return str(path)

    def asked(member: str, key: str, *more: str) -> int:
        return run(
            [
                *("audit", "openings", "--member", member, "--key", key, "-o", str(folder)),
                *("--password-file", str(password), "--network", str(network), *more),
            ]
        )

    key, other_key = key_of(AUDITOR), key_of(BANK)
    assert asked(BANK, other_key) == 1
    assert asked(AUDITOR, other_key) == 1
    capsys.readouterr()
    assert asked(AUDITOR, key, "--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    assert [(one["member"], one["reason"]) for one in told["logs"]] == [(BEIJING, None)]
    out = tmp_path / "report.json"
    code = run(
        [
            *("audit", "replay", "--network", str(network), "--openings", str(folder)),
            *("--mirror", f"{BEIJING}={said[BEIJING].url}", "--check-mirrors", "--out", str(out)),
        ]
    )
    document = orjson.loads(out.read_bytes())
    assert document["statements"]["opened"] == document["statements"]["entries"] > 0
    assert (code, document["findings"]) == (0, [])
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert run(["audit", "replay", "--network", str(network), "--openings", str(other)]) == 2
    assert "other.json" in capsys.readouterr().err


def test_a_member_that_is_silent_stops_nobody(
    said: Network, reader: QuorumReader, tmp_path: Path
) -> None:
    said[BEIJING].relay.on(drop_request())
    told = ask(reader, said, tmp_path)
    assert told.reason is not None
    assert told.reason.code in ("unreachable", "busy")


FALSE = {
    "answer-digest": lambda told: replace(told, body=told.body + b" "),
    "answer-unsigned": lambda told: told.without("signature", "signature-input"),
    "answer-form": lambda told: told.with_header("signature-input", "sig=()"),
}


@pytest.mark.parametrize("code", FALSE)
def test_what_another_made_of_an_answer_is_none(
    said: Network, reader: QuorumReader, tmp_path: Path, code: str
) -> None:
    said[BEIJING].relay.on(change(FALSE[code]))
    told = ask(reader, said, tmp_path)
    assert told.reason is not None
    assert (told.done, told.reason.code) == (0, code)
    assert list(tmp_path.rglob("*.json")) == []


def test_an_answer_to_another_request_is_none(
    said: Network, reader: QuorumReader, tmp_path: Path
) -> None:
    ask(reader, said, tmp_path / "first")
    said[BEIJING].relay.on(instead(said[BEIJING].relay.answered[-1]))
    told = ask(reader, said, tmp_path / "second")
    assert told.reason is not None
    assert told.reason.code == "answer-replayed"


def test_who_has_no_endpoint_is_not_asked(
    said: Network, reader: QuorumReader, tmp_path: Path
) -> None:
    _, consortium = consortium_of(reader, said)
    http = Http(verify=False)
    asker = Asker(
        member=AUDITOR,
        consortium=consortium,
        signer=said.chain.keys[AUDITOR, Purpose.REQUEST],
        http=http,
        folder=tmp_path,
        now=said[BEIJING].node.ctx.clock.seconds,
    )
    told = asker.run(beijing(reader, said)._replace(endpoint=""), lambda done: None)
    http.close()
    assert told.as_dict()["reason"] == "no-endpoint"
