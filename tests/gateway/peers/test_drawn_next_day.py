"""A draw by the hash of the next day's first block, through real gateways on a chain that goes over
midnight: nobody knew on the day before what it would draw, and nothing that came after is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
import structlog

from gateway.base.clock import CHINA
from gateway.base.keyring import Keyring
from gateway.peers.drawn import LoggedDraws
from gateway.peers.interfaces import Asker
from gateway.queries.interfaces import Asked
from gateway.queries.records import SubjectRecords
from ledger.audit.ask_drawn import disclosed
from ledger.audit.asking import Line, NotAnswered
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.draws import block_of
from ledger.chain.nodes.http import Http
from ledger.cli.main import run
from ledger.core import receipt as receipts
from ledger.core.canonical import b64u_encode
from ledger.core.draw import Drawn, parse_draw
from ledger.core.errors import CouldNotCheck
from ledger.core.keys import Purpose, Role
from tests.gateway.peers.conftest import AUDITOR, BEIJING, TIANJIN
from tests.gateway.peers.test_drawn import keyed
from tests.support.chain import TestNetwork
from tests.support.hands import PASSWORD, write_key
from tests.support.peers import Member, Network, keyring, open_member, row, start_members
from tests.support.relay import Relay

CODE = "CF_XDR_SHXYM"
SUBJECT = str(row(50).fields[CODE])
NOON, MIDNIGHT = timedelta(hours=12), timedelta(days=1)


@dataclass
class Days:
    """Tomorrow at noon and ten minutes into the day after, so that no midnight of the machine's own
    comes between. filed: records of before midnight. answers: what a province was told then."""

    folder: Path
    start: datetime = field(default_factory=lambda: datetime.now(CHINA))
    filed: list[bytes] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)

    @property
    def before(self) -> date:
        return self.start.date() + timedelta(days=1)

    @property
    def after(self) -> date:
        return self.before + timedelta(days=1)

    def ahead(self, since_midnight: timedelta) -> timedelta:
        """How far the clocks run ahead, to stand so long after the midnight that begins `before`
        now."""
        begins = datetime.combine(self.before, datetime.min.time(), CHINA)
        return timedelta(seconds=int((begins + since_midnight - self.start).total_seconds()))

    @property
    def noon(self) -> timedelta:
        return self.ahead(NOON)

    @property
    def night(self) -> timedelta:
        return self.ahead(MIDNIGHT + timedelta(minutes=10))

    def evening(self, network: TestNetwork, folder: Path) -> Mapping[str, Keyring]:
        """What happens on the day before."""
        network.anvil.call("evm_increaseTime", int(self.noon.total_seconds()))
        network.anvil.mine(3)
        keys = keyring(network, BEIJING)
        node = open_member(network, BEIJING, folder / BEIJING, keys, now=self.noon)
        member = Member(BEIJING, node, cast(Relay, None), "", network.anvil)
        self.filed += member.file(*map(row, range(50, 54)))
        network.anvil.mine(3)
        self._answers(member)
        reader = node.peers.reader
        with pytest.raises(CouldNotCheck, match="is final yet"):
            block_of(reader, reader.head(), self.after)
        draws = LoggedDraws(node.ctx, reader)
        assert not any(draws.is_drawn(one, self.after, 64) for one in self.filed)
        node.close()
        network.anvil.call("evm_increaseTime", int((self.night - self.noon).total_seconds()))
        network.anvil.mine(3)
        return {BEIJING: keys}

    def _answers(self, member: Member) -> None:
        """One that tells all, and one that leaves the first record out."""
        answering = member.node.finance.queries.routes.answering
        asked = Asked(code=SUBJECT, purpose="approval", types=("penalty",))
        honest = SubjectRecords.in_force
        leaf = member.leaf(self.filed[0])

        def some(self: SubjectRecords, *given: Any) -> Any:
            return [one for one in honest(self, *given) if one.leaf != leaf]

        for name in ("whole", "less"):
            nonce = b64u_encode(name[:4].encode() * 4)
            asker = Asker(code=TIANJIN, roles=Role.PROVINCE, nonce=nonce)
            with pytest.MonkeyPatch.context() as patch:
                if name == "less":
                    patch.setattr(SubjectRecords, "in_force", some)
                self.answers[name] = answering.answer(asker, asked)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return Days(tmp_path_factory.mktemp("days"))


@pytest.fixture(scope="module")
def network(days: Days) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    members = days.folder / "members"
    members.mkdir()
    codes = (BEIJING, AUDITOR)
    with start_members(members, codes, before=days.evening, settings={"now": days.night}) as found:
        yield found


@pytest.fixture(scope="module")
def late(network: Network) -> list[bytes]:
    """Records of after midnight."""
    found = network[BEIJING].file(*map(row, range(60, 63)))
    network.chain.anvil.mine(3)
    return found


@pytest.fixture
def command(
    network: Network,
    days: Days,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, Any]]:
    """`audit draw` of Beijing after midnight."""
    (tmp_path / "network.json").write_bytes(network.chain.file.encode())
    (tmp_path / "password").write_bytes(PASSWORD + b"\n")
    (tmp_path / "password").chmod(0o600)
    request = network.chain.keys[AUDITOR, Purpose.REQUEST]
    write_key(tmp_path / f"{AUDITOR}.json", Purpose.REQUEST, request)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    monkeypatch.setenv("CREDIT_LEDGER_NOW", f"+{int(days.night.total_seconds())}")

    def call(*more: str) -> tuple[int, Any]:
        capsysbinary.readouterr()
        code = run(
            [
                *("audit", "draw", "--network", str(tmp_path / "network.json")),
                *("--member", AUDITOR, "--of", BEIJING, "-o", str(tmp_path / "draw")),
                *("--count", "64", "--json", *keyed(tmp_path, AUDITOR), *more),
            ]
        )
        told = capsysbinary.readouterr().out
        return code, orjson.loads(told) if told else None

    return call


def test_what_was_anchored_before_midnight_is_drawn_by_the_first_block_behind_it(
    network: Network,
    days: Days,
    late: list[bytes],
    command: Callable[..., tuple[int, Any]],
    tmp_path: Path,
) -> None:
    code, told = command()  # of today, which is the new day
    assert (code, told["findings"], told["incomplete"]) == (0, [], [])
    assert told["draw"]["day"] == days.after.isoformat()
    (log,) = parse_draw((tmp_path / "draw" / "draw.json").read_bytes()).logs
    drawn = {one.record for one in log.leaves}
    assert drawn == set(days.filed) and not drawn & set(late)
    reader = network[AUDITOR].node.peers.reader
    view = reader.head()
    number = told["draw"]["block"]["number"]
    midnight = datetime.combine(days.after, datetime.min.time(), CHINA).timestamp()
    assert view.block_at(number - 1).time < midnight <= view.block_at(number).time
    assert view.block_at(number).hash.removeprefix("0x") in str(told["draw"]["block"]["hash"])


def test_the_answer_of_the_day_before_that_left_one_out_is_found_false(
    command: Callable[..., tuple[int, Any]], days: Days, tmp_path: Path
) -> None:
    for name, findings in (("whole", []), ("less", ["record-left-out"])):
        (tmp_path / f"{name}.json").write_bytes(days.answers[name])
        code, told = command("--answers", str(tmp_path / f"{name}.json"))
        assert [one["code"] for one in told["findings"]] == findings
        assert (code, told["compared"]) == (1 if findings else 0, 1)


def test_what_came_after_midnight_is_disclosed_by_no_draw_of_that_day(
    command: Callable[..., tuple[int, Any]],
    network: Network,
    days: Days,
    late: list[bytes],
    tmp_path: Path,
) -> None:
    assert command()[0] == 0
    made = parse_draw((tmp_path / "draw" / "draw.json").read_bytes())
    node, http = network[AUDITOR].node, Http()
    view = node.peers.reader.head()
    consortium = Consortium(network.chain.file.consortium, view.call, view.calls)
    line = Line(
        member=AUDITOR,
        consortium=consortium,
        signer=network.chain.keys[AUDITOR, Purpose.REQUEST],
        http=http,
        now=node.ctx.clock.seconds,
    )
    member = consortium.member(BEIJING)
    assert member is not None
    first = made.logs[0].leaves[0]
    given = receipts.parse(disclosed(line, BEIJING, member.endpoint, made, first))
    assert given.record_id == first.record
    for record in late:
        drawn = Drawn(index=first.index, leaf=first.leaf, record=record)  # type: ignore[arg-type]
        with pytest.raises(NotAnswered) as caught:
            disclosed(line, BEIJING, member.endpoint, made, drawn)
        assert (caught.value.code, caught.value.problem) == ("refused", "not-drawn")
    http.close()


def test_the_day_after_that_has_no_block_yet(
    command: Callable[..., tuple[int, Any]], days: Days
) -> None:
    code, _ = command("--on", (days.after + timedelta(days=1)).isoformat())
    assert code == 4
