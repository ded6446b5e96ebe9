"""Two provinces of one network, Hebei that objects and Tianjin that owns: a gateway is killed at
every stage of statements, cases, acts and acknowledgements, and started again. In the end all of
it exists once, at both and on the chain, and an auditor finds nothing.

The network begins at noon of a day to come and is moved on twice, so that the batches of 23:00 come
when the test says so, and no act is a day old at the end: the other two provinces do not run.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, open_engine
from gateway.base.settings import Settings, load
from gateway.cases.models import acts as case_acts
from gateway.cases.models import case_steps
from gateway.devnet import ahead, plain, services
from gateway.devnet.layout import NODES, MemberSpec
from gateway.node import open_node
from gateway.peers.models import peer_outbox
from gateway.statements.models import statement_batches
from gateway.tokens.services import add_token
from ledger import clock
from ledger.audit.opening_files import OpeningFiles
from ledger.chain.contracts.bindings import CaseRegistry, Consortium
from ledger.chain.contracts.events import Acknowledged, decode_events, topic
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.cli.main import run
from ledger.cli.options import local_clock
from ledger.core.opening import parse_opening
from scripts.demo_parts.today import PLACES, complete
from tests.e2e.member import Member, until
from tests.support import nightly
from tests.support.postgres import drop_databases

TIANJIN, HEBEI = "120000", "130000"
AUTHORITY = complete(f"11{PLACES[TIANJIN]}", "MADEMA01")
DOCUMENT = ("说明.pdf", b"%PDF-1.7\nsynthetic\n", "application/pdf")
CHINA = ZoneInfo("Asia/Shanghai")

FILING = {
    HEBEI: ("case.stored", "message.sent"),
    TIANJIN: (
        *("case.stored", "act.signed", "act.sent", "act.recorded", "follower.applied", "ack.sent"),
    ),
}
"""What an objection that Hebei files passes, at whom."""
ANSWERING = {TIANJIN: ("case.stored",)}
"""What the answer of Tianjin passes."""
WHEN = ("before", "after")


def points(stages: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """(member, point) of each."""
    every = [(m, f"{s}:{when}") for m, names in stages.items() for s in names for when in WHEN]
    return nightly.some(every, 3)


def filing(record: str, kind: str) -> dict[str, Any]:
    """What Hebei says about a record of Tianjin."""
    told = {"record": record, "kind": kind, "reason": "信息有误", "owner": TIANJIN}
    return told | {"authority": AUTHORITY}


class Provinces(Member):
    """Tianjin with its records, and Hebei. records: their ids; repair: the case about the first;
    filed: the objection to each of the others so far; answered: those of them that were."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, noon: datetime) -> None:
        super().__init__(folder)
        self.patch, self.noon = patch, noon
        self.records: list[str] = []
        self.repair = ""
        self.filed: dict[str, str] = {}
        self.answered: list[str] = []
        self.callers = {
            HEBEI: self._token(HEBEI, department="信用窗口"),
            TIANJIN: self._token(TIANJIN, authorities=(AUTHORITY,)),
        }
        self.node = open_node(self.settings(TIANJIN), beside=True)

    def up(self) -> Path:
        return services.up(self.folder, 0, lambda _step: None, nodes=_nodes(TIANJIN, HEBEI))

    def record(self, number: int) -> dict[str, Any]:
        """A record about a firm of Hebei, whose home province may object to it."""
        made = super().record(number)
        made["fields"]["CF_XDR_SHXYM"] = complete(f"91{PLACES[HEBEI]}", "MATADAY0")
        return made

    def settings(self, code: str) -> Settings:
        return load(self.folder / "members" / code / "gateway.toml")

    def _token(self, code: str, **changes: Any) -> dict[str, str]:
        engine = open_engine(self.settings(code).database_url)
        said = {"name": "desk", "department": None, "scopes": ("submit", "read")}
        try:
            _, token = add_token(engine, **said | changes, now=datetime.now(CHINA))
        finally:
            engine.dispose()
        return {"authorization": f"Bearer {token}"}

    # ---- processes

    def begin(self, code: str, crash: str | None = None) -> None:
        """Start the gateway of a member again, to be killed at a point."""
        process = self.network.gateway(code)
        process.stop()
        armed = {} if crash is None else {"CREDIT_LEDGER_CRASH_AT": crash}
        process.start(ahead.environment(ahead.read(self.network.layout.chain)) | armed)

    def await_ready(self, code: str) -> None:
        url = self.network.ports.endpoint(code)
        until(lambda: plain.get(f"{url}/readyz", timeout=60).is_success, f"readiness of {code}")

    def await_kill(self, code: str) -> None:
        until(lambda: self.network.gateway(code).find() is None, f"the kill of {code}")

    def move_to(self, moment: datetime) -> None:
        """Move the network on; Tianjin stays down."""
        self.process.stop()
        self.patch.setenv(clock.VARIABLE, f"+{round(moment.timestamp() - time.time())}")
        services.up(self.folder, 0, lambda _step: None, nodes=_nodes(HEBEI))

    # ---- what is so

    def ask(self, code: str, path: str, said: dict[str, Any] | None = None) -> Any:
        """What a gateway answers; None where it refuses. Raises httpx.TransportError where it
        dies."""
        url, headers = self.network.ports.endpoint(code) + path, self.callers[code]
        if said is None:
            answer = plain.get(url, headers=headers, timeout=300)
        elif "kind" in said:
            form = {"data": {"case": json.dumps(said)}, "files": {"doc": DOCUMENT}}
            answer = plain.post(url, headers=headers, timeout=300, **form)
        else:
            answer = plain.post(url, headers=headers, timeout=300, json=said)
        return answer.json() if answer.is_success else None

    def rows(self, code: str, table: sa.Table) -> Sequence[sa.Row[Any]]:
        """All of a table of a member."""
        engine = open_engine(self.settings(code).database_url)
        try:
            with begin_read(engine) as connection:
                return connection.execute(table.select()).all()
        finally:
            engine.dispose()

    def steps(self, case: str) -> list[list[str]]:
        """The acts of a case's steps, at each member."""
        told = [self.ask(code, f"/v1/cases/{case}") for code in (HEBEI, TIANJIN)]
        return [[step["act"] for step in one["steps"]] for one in told if one is not None]

    def is_marked(self, case: str) -> bool:
        """Whether an objection has gone the whole way: both have it, its act is on the chain, and
        both have obeyed and acknowledged it."""
        told = [self.ask(code, f"/v1/cases/{case}") for code in (HEBEI, TIANJIN)]
        if None in told or any(one["status"]["flags"] != ["disputed"] for one in told):
            return False
        return self.is_quiet()

    def is_quiet(self) -> bool:
        """Whether nothing is under way that the next point would meet."""
        sent = [row.state for code in (HEBEI, TIANJIN) for row in self.rows(code, peer_outbox)]
        now = self.node.case_parts.views.registry.now()
        registry = CaseRegistry(now.address, now.view.call)
        counts = {int(registry.acknowledged(code).count) for code in (HEBEI, TIANJIN)}
        acts = {row.state for row in self.rows(TIANJIN, case_acts)}
        return (
            {*sent} <= {"sent"}
            and acts <= {"recorded"}
            and counts == {int(registry.latest().count)}
        )

    def is_batched(self, code: str, days: int) -> bool:
        """Whether a member has made so many batches, that of its beginning among them."""
        return len(self.rows(code, statement_batches)) == days

    def acknowledged(self) -> dict[str, list[int]]:
        """The counts that each member acknowledged, in the order of the chain."""
        found: dict[str, list[int]] = {}
        network = NetworkFile.load(self.file)
        reader = QuorumReader(network, now=local_clock())
        try:
            view = reader.head()
            consortium = Consortium(network.consortium, view.call, view.calls)
            registry = consortium.current("CaseRegistry")
            assert registry is not None
            entries = view.logs(registry, [topic(Acknowledged)], first=network.deploy_block)
            for event in decode_events("CaseRegistry", entries):
                assert isinstance(event, Acknowledged)
                found.setdefault(event.member, []).append(event.count)
        finally:
            reader.close()
        return found

    def anchored(self) -> int:
        """How many statements the batches of both moved, once all are in their logs; else 0."""
        total = 0
        for code, others in ((HEBEI, 0), (TIANJIN, len(self.records))):
            log = plain.get(f"{self.network.ports.endpoint(code)}/v1/node", timeout=300).json()
            moved = sum(row._mapping["count"] for row in self.rows(code, statement_batches))
            if log["logs"][0]["size"] != moved + others:
                return 0
            total += moved
        return total


def _nodes(*codes: str) -> list[MemberSpec]:
    return [member for member in NODES if member.code in codes]


def killed_in_the_batch(both: Provinces, when: str, moment: datetime) -> None:
    """Move the network behind the next 23:00; Tianjin is killed in its batch, and makes it."""
    before = len(both.rows(TIANJIN, statement_batches))
    both.move_to(moment)
    both.begin(TIANJIN, f"statement.batched:{when}")
    both.await_kill(TIANJIN)
    assert len(both.rows(TIANJIN, statement_batches)) == before + (when == "after")
    both.begin(TIANJIN)
    both.await_ready(TIANJIN)
    for code in (HEBEI, TIANJIN):
        until(partial(both.is_batched, code, before + 1), f"the batch of {code}")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provinces]:
    """The network, at noon of a day to come."""
    folder: Path = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        noon = datetime.now(CHINA).replace(hour=12, minute=0) + timedelta(days=1)
        patch.setenv(clock.VARIABLE, f"+{round(noon.timestamp() - time.time())}")
        both = None
        try:
            both = Provinces(folder, patch, noon)
            yield both
        finally:
            if both is not None:
                both.node.close()
            services.down(folder)
            drop_databases(folder)


def test_records_to_object_to(both: Provinces, tmp_path: Path) -> None:
    """They are there, and a filing about one waits for the night."""
    many = 1 + len(points(FILING))
    answers = [both.submit(both.record(number)) for number in range(many)]
    both.receipt(answers[-1]["leaf"], tmp_path / "receipt.json")
    both.records = [answer["recordId"] for answer in answers]
    said = filing(both.records[0], "repair")
    both.repair = both.ask(HEBEI, "/v1/cases", said)["case"]
    until(lambda: both.ask(TIANJIN, f"/v1/cases/{both.repair}"), "the filing at Tianjin")


def test_killed_in_the_batch_that_moves_what_was_promised(both: Provinces) -> None:
    killed_in_the_batch(both, "before", both.noon + timedelta(hours=18))


@pytest.mark.parametrize(("code", "point"), points(FILING))
def test_killed_on_the_way_of_an_objection(both: Provinces, code: str, point: str) -> None:
    record = both.records[1 + len(both.filed)]
    both.begin(code, point)
    both.await_ready(code)
    try:
        first = both.ask(HEBEI, "/v1/cases", filing(record, "objection"))
    except httpx.TransportError:
        first = None  # killed before it could answer
    both.await_kill(code)
    both.begin(code)
    both.await_ready(code)
    case = both.ask(HEBEI, "/v1/cases", filing(record, "objection"))["case"]
    assert first is None or first["case"] == case
    both.filed[record] = case
    until(lambda: both.is_marked(case), "the mark at both")


@pytest.mark.parametrize(("code", "point"), points(ANSWERING))
def test_killed_on_the_way_of_an_answer(both: Provinces, code: str, point: str) -> None:
    case = list(both.filed.values())[len(both.answered)]
    both.begin(code, point)
    both.await_ready(code)
    with suppress(httpx.TransportError):  # killed before it could answer
        both.ask(TIANJIN, f"/v1/cases/{case}/accept", {})
    both.await_kill(code)
    both.begin(code)
    both.await_ready(code)
    assert both.ask(TIANJIN, f"/v1/cases/{case}/accept", {}) is not None
    both.answered.append(case)
    until(lambda: both.steps(case) == [["file-objection", "accept"]] * 2, "the answer at both")
    until(both.is_quiet, "quiet")


def test_killed_behind_the_batch(both: Provinces) -> None:
    killed_in_the_batch(both, "after", both.noon + timedelta(hours=35))


def test_all_of_it_is_there_once(both: Provinces) -> None:
    """In both databases: the same steps, each a statement of its member, each sent once."""
    cases = {both.repair, *both.filed.values()}
    assert len(cases) == 1 + len(points(FILING))
    filed, accepted = len(cases), len(both.answered)
    assert accepted == len(points(ANSWERING))
    steps = [both.rows(code, case_steps) for code in (HEBEI, TIANJIN)]
    said = [{(row.case.hex(), row.step, row.iss, row.commitment) for row in rows} for rows in steps]
    assert said[0] == said[1]
    assert [len(rows) for rows in steps] == [filed + accepted] * 2
    assert Counter(row.iss for row in steps[0]) == {HEBEI: filed, TIANJIN: accepted}
    assert {row.case.hex() for row in steps[0]} == cases
    for code, count in ((HEBEI, filed), (TIANJIN, accepted)):
        sent = both.rows(code, peer_outbox)
        own = {row.commitment for row in steps[0] if row.iss == code}
        assert len(sent) == count
        assert ({row.commitment for row in sent}, {row.state for row in sent}) == (own, {"sent"})
    acts = both.rows(TIANJIN, case_acts)
    assert Counter(row.record.hex() for row in acts) == dict.fromkeys(both.filed, 1)
    assert {row.state for row in acts} == {"recorded"}


def test_an_auditor_finds_nothing(both: Provinces, tmp_path: Path) -> None:
    """All promises were kept, each statement stands in the log once, and the chain says the same:
    each act once, and each acknowledgement."""
    auditor = both.folder / "members" / "demo-auditor" / "keys"
    asked = ["--member", "demo-auditor", "--key", str(auditor / "request.json")]
    asked += ["--password-file", str(auditor / "password"), "--network", str(both.file)]
    opened, out = tmp_path / "openings", tmp_path / "report.json"
    logged = until(both.anchored, "the anchors of the batches")
    assert run(["audit", "openings", *asked, "-o", str(opened)]) == 0
    network = ["--network", str(both.file)]
    code = run(["audit", "replay", *network, "--openings", str(opened), "--out", str(out)])
    document = json.loads(out.read_bytes())
    assert (code, document["findings"], document["incomplete"]) == (0, [], [])

    statements = [parse_opening(each).statement for each in OpeningFiles([opened])]
    commitments = {one.commitment for one in statements}
    assert len(commitments) == len(statements) == document["statements"]["entries"] == logged
    cases = [one for one in statements if one.sort == "case"]
    assert Counter(one.iss for one in cases) == {
        HEBEI: 1 + len(both.filed),
        TIANJIN: len(both.answered),
    }
    told = {one["case"]: (one["record"], len(one["steps"])) for one in document["cases"]}
    assert told == {both.repair: (both.records[0], 1)} | {
        case: (record, 1 + (case in both.answered)) for record, case in both.filed.items()
    }
    acted = {one["recordId"]: one["version"] for one in document["status"]["records"]}
    assert acted == dict.fromkeys(both.filed, 1)
    for member, counts in both.acknowledged().items():
        assert counts == sorted(set(counts)), member
        assert counts[-1] == len(both.filed)
