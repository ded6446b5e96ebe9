"""Records that an auditor has drawn: their members disclose the code, of these and of no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.accesses.services import Wanted, newest
from gateway.base.db import begin_write
from gateway.peers import drawn as subject
from gateway.peers.errors import PeerRefused
from ledger.audit import draws
from ledger.audit.ask_drawn import disclosed
from ledger.audit.asking import Line, NotAnswered
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.cli.drawing import fetch_over_http
from ledger.cli.main import run
from ledger.core import receipt as receipts
from ledger.core.draw import Draw, Drawn, parse_draw
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import Question
from ledger.verify import Verifier
from tests.gateway.peers.conftest import AUDITOR, BANK, BEIJING, TIANJIN
from tests.support.erasing import erase
from tests.support.hands import PASSWORD, write_key
from tests.support.peers import Network, row

CODE = "CF_XDR_SHXYM"


@pytest.fixture(autouse=True)
def newest_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block of the day is the newest: the network was founded today."""

    def block_of(reader: QuorumReader, view: View, day: date) -> Block:
        final = reader.final_block(view)
        assert final is not None
        return final

    monkeypatch.setattr(subject, "block_of", block_of)
    monkeypatch.setattr(draws, "block_of", block_of)


@pytest.fixture(scope="module")
def filed(network: Network) -> list[bytes]:
    """Six records of Beijing, one of which is only shared."""
    found = network[BEIJING].file(*map(row, range(40, 45)), row(45, class_="minor"))
    network.chain.anvil.mine(3)
    return found


class Auditor:
    """Draws and asks over real connections."""

    def __init__(self, network: Network) -> None:
        node = network[AUDITOR].node
        self.network = network
        self.reader, self.http = node.peers.reader, Http()
        self.view = self.reader.head()
        consortium = network.chain.file.consortium
        self.consortium = Consortium(consortium, self.view.call, self.view.calls)
        self.today = node.ctx.clock.today()

    def draw(self, count: int) -> Draw:
        made, unread = draws.draw(
            self.reader,
            self.view,
            auditor=AUDITOR,
            day=self.today,
            members=[BEIJING],
            count=count,
            fetch_for=fetch_over_http(self.consortium, self.http, {}),
        )
        assert unread == []
        return made

    def ask(self, made: Draw, drawn: Drawn, asker: str = AUDITOR) -> bytes:
        line = Line(
            member=asker,
            consortium=self.consortium,
            signer=self.network.chain.keys[asker, Purpose.REQUEST],
            http=self.http,
            now=self.network[AUDITOR].node.ctx.clock.seconds,
        )
        found = self.consortium.member(BEIJING)
        assert found is not None
        return disclosed(line, BEIJING, found.endpoint, made, drawn)


@pytest.fixture
def auditor(network: Network, filed: list[bytes]) -> Iterator[Auditor]:
    found = Auditor(network)
    # What was drawn by an older newest block is forgotten.
    network[BEIJING].node.peers.exchange.ask_draws(
        subject.LoggedDraws(network[BEIJING].node.ctx, network[BEIJING].node.peers.reader)
    )
    yield found
    found.http.close()


def test_every_record_drawn_discloses_its_code_and_no_more(
    auditor: Auditor, network: Network, filed: list[bytes]
) -> None:
    made = auditor.draw(64)
    leaves = made.logs[0].leaves
    assert set(filed) <= {one.record for one in leaves}
    verifier = Verifier(network.chain.file, now=network[AUDITOR].node.ctx.clock.seconds)
    for drawn in leaves:
        data = auditor.ask(made, drawn)
        found = receipts.parse(data)
        assert (found.record_id, found.leaf, found.binding) == (drawn.record, drawn.leaf, None)
        verdict = verifier.verify(data, Question(issuer=BEIJING))
        assert verdict.verdict == "valid"
        assert list(verdict.fields or {}) == [CODE]
    verifier.close()
    (line, *_) = newest(network[BEIJING].node.ctx.engine, Wanted(member=AUDITOR), 1)
    assert (line.purpose, line.answer, line.record) == (
        "exchange-record",
        "allowed",
        leaves[-1].leaf.hex(),
    )


def test_what_was_not_drawn_is_not_disclosed(auditor: Auditor) -> None:
    """Nobody chooses: of a smaller draw only the first are given."""
    more, one = auditor.draw(64), auditor.draw(1)
    first, *others = more.logs[0].leaves
    assert auditor.ask(one, first)
    for drawn in others:
        with pytest.raises(NotAnswered) as caught:
            auditor.ask(one, drawn)
        assert (caught.value.code, caught.value.problem) == ("refused", "not-drawn")


@pytest.mark.parametrize("days", [-32, 1])
def test_days_long_past_and_to_come(auditor: Auditor, days: int) -> None:
    made = auditor.draw(64)
    with pytest.raises(NotAnswered) as caught:
        auditor.ask(
            Draw(
                **{
                    **{name: getattr(made, name) for name in made.__slots__},
                    "day": made.day + timedelta(days=days),
                }
            ),
            made.logs[0].leaves[0],
        )
    assert caught.value.problem == "not-drawn"


@pytest.mark.parametrize("asker", [TIANJIN, BANK])
def test_nobody_else_is_given_it_by_a_draw(auditor: Auditor, asker: str) -> None:
    made = auditor.draw(64)
    with pytest.raises(NotAnswered) as caught:
        auditor.ask(made, made.logs[0].leaves[0], asker)
    assert caught.value.problem == "not-granted"


def test_what_was_erased_is_not_disclosed(auditor: Auditor, network: Network) -> None:
    (record,) = network[BEIJING].file(row(46))
    network.chain.anvil.mine(3)
    auditor.view = auditor.reader.head()
    made = auditor.draw(64)
    [drawn] = [one for one in made.logs[0].leaves if one.record == record]
    with begin_write(network[BEIJING].node.ctx.engine) as connection:
        erase(connection, drawn.leaf)
    with pytest.raises(NotAnswered) as caught:
        auditor.ask(made, drawn)
    assert caught.value.problem == "not-granted"


@pytest.mark.parametrize(
    "drawn",
    [7, {}, {"count": 0, "day": "2026-12-01"}, {"count": 65, "day": "2026-12-01"},
     {"count": 1, "day": "today"}, {"count": 1, "day": "2026-12-01", "more": 1}],
)  # fmt: skip
def test_a_body_that_is_no_draw(network: Network, filed: list[bytes], drawn: Any) -> None:
    for body in (
        {"drawn": drawn},
        {"drawn": {"count": 1, "day": "2026-12-01"}, "authorisation": {}},
    ):
        with pytest.raises(PeerRefused) as caught:
            network[AUDITOR].peers.ask(
                BEIJING, "record", orjson.dumps({"recordId": filed[0].hex(), **body})
            )
        assert (caught.value.status, caught.value.code) == (422, "schema-invalid")


def test_where_nothing_is_drawn(auditor: Auditor, network: Network, filed: list[bytes]) -> None:
    made = auditor.draw(64)
    [drawn] = [one for one in made.logs[0].leaves if one.record == filed[0]]
    assert auditor.ask(made, drawn)
    network[BEIJING].node.peers.exchange.ask_draws(None)
    with pytest.raises(NotAnswered) as caught:
        auditor.ask(made, drawn)
    assert caught.value.problem == "not-drawn"


# ---- the command


@pytest.fixture
def command(
    network: Network,
    auditor: Auditor,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, Any]]:
    """`audit draw` of Beijing in the name of a member; exit code and JSON."""
    (tmp_path / "network.json").write_bytes(network.chain.file.encode())
    (tmp_path / "password").write_bytes(PASSWORD + b"\n")
    (tmp_path / "password").chmod(0o600)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    for code in (AUDITOR, BANK):
        path = tmp_path / f"{code}.json"
        write_key(path, Purpose.REQUEST, network.chain.keys[code, Purpose.REQUEST])

    def call(*more: str, member: str = AUDITOR, out: str = "draw") -> tuple[int, Any]:
        capsysbinary.readouterr()
        code = run(
            [
                *("audit", "draw", "--network", str(tmp_path / "network.json")),
                *("--member", member, "--of", BEIJING, "--on", auditor.today.isoformat()),
                *("-o", str(tmp_path / out), "--json", *more),
            ]
        )
        told = capsysbinary.readouterr().out
        return code, orjson.loads(told) if told else None

    return call


def keyed(folder: Path, member: str) -> tuple[str, ...]:
    """Options with the key of a member."""
    password = str(folder / "password")
    return ("--key", str(folder / f"{member}.json"), "--password-file", password)


def test_draw_demand_and_keep(command: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    """What is kept needs no key any more."""
    key = (
        "--key",
        str(tmp_path / f"{AUDITOR}.json"),
        "--password-file",
        str(tmp_path / "password"),
    )
    code, told = command(*key, "--count", "3")
    leaves = told["draw"]["logs"][0]["leaves"]
    refused = [one for one in leaves if one["refused"]]  # an erased one, where it was drawn
    assert (len(leaves), {one["refused"] for one in refused} <= {"not-granted"}) == (3, True)
    assert len(told["findings"]) == len(refused)
    assert code == (1 if refused else 0)
    made = parse_draw((tmp_path / "draw" / "draw.json").read_bytes())
    assert [one.index for one in made.logs[0].leaves] == [one["index"] for one in leaves]
    given = {path.name for path in (tmp_path / "draw" / "receipts").iterdir()}
    assert given == {f"{one['leaf']}.json" for one in leaves if one["given"]}
    code, again = command("--count", "3")
    assert [one["given"] for one in again["draw"]["logs"][0]["leaves"]] == [
        one["given"] for one in leaves
    ]


def test_draw_without_asking(command: Callable[..., tuple[int, Any]]) -> None:
    code, told = command("--count", "2")
    assert code == 4
    assert [one["refused"] for one in told["draw"]["logs"][0]["leaves"]] == ["not-asked"] * 2
    assert {gap["code"] for gap in told["incomplete"]} == {"draw-unchecked"}


def test_draw_in_the_name_of_no_auditor(
    command: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    assert command(*keyed(tmp_path, BANK), member=BANK)[0] == 1
    assert command("--on", "yesterday")[0] == 2
    assert command("--count", "65")[0] == 2
