"""A repair of a record in another province was granted: nobody is given a field of it any more, by
any route of any gateway, but its own authority and its subject."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest
import structlog

from gateway.app import create_app
from gateway.base.policy import SCOPES
from gateway.cases import papers
from gateway.log.store import state as log_state
from gateway.node import Node
from ledger.core.report_content import make_number
from ledger.core.verdict.facts import date_of
from ledger.core.verdict.verdict import Verdict
from ledger.records.rules import newest
from ledger.records.schema import all_schemas
from ledger.verify import Verifier, ask
from tests.acceptance.independent import uscc
from tests.gateway.abroad.desk import deliver
from tests.gateway.cases.desk import send_all
from tests.gateway.files.work import work
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.peers.hands import make, post
from tests.records.examples import AUTHORITY, penalty
from tests.support.asgi import Client
from tests.support.peers import Member, Network, keyring, open_member, start_members
from tests.support.walking import Sent, Walk, leaked

BEIJING, TIANJIN, HEBEI = "110000", "120000", "130000"
ASKERS = (BEIJING, "demo-bureau", "demo-bank", "demo-auditor")
NAME, NUMBER, PERSON = "绝密样例有限公司", "绝密罚〔2026〕77号", "绝密法人"
WHY, AMOUNT = "绝密事由", "73.190551"
SUBJECT = uscc(4711)
SECRETS = (NAME, NUMBER, PERSON, WHY, AMOUNT, SUBJECT)
REASON = "绝密理由"
"""What the filer wrote: no field of the record, and closed with it at its owner."""
DECIDED = (datetime.now(UTC) - timedelta(days=400)).date().isoformat()
END = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
FIELDS = penalty(
    CF_XDR_MC=NAME,
    CF_XDR_SHXYM=SUBJECT,
    CF_FRDB=PERSON,
    CF_WSH=NUMBER,
    CF_SY=WHY,
    CF_CFLB="罚款",
    CF_NR_FK=AMOUNT,
    CF_JDRQ=DECIDED,
    CF_YXQ=END,
)
FOREIGN = uscc(22, start="11110106MA")
PDF = f"%PDF-1.7\n{NUMBER} {NAME}\n".encode()
DAY = timedelta(days=1)
JSON = {"Content-Type": "application/json"}


def follow(member: Member) -> None:
    """Take up what the chain says of records."""
    chain = member.node.follower.look()
    assert chain is not None
    assert member.node.follower.follow(chain, Event())


def record_json(**changes: object) -> bytes:
    return json.dumps({"type": "penalty", "class": "severe", "fields": FIELDS | changes}).encode()


def posted(**value: Any) -> dict[str, Any]:
    """A step with a document."""
    files = [("case", (None, orjson.dumps(value))), ("doc", ("决定.pdf", PDF))]
    return {"files": files}


@dataclass
class World:
    """The members, and the record: Tianjin's, whose repair Beijing applied for."""

    network: Network
    leaf: str
    record: bytes
    receipt: bytes
    file: str
    case: str = ""
    case_file: str = ""

    @property
    def owner(self) -> Member:
        return self.network[TIANJIN]

    def step(self, member: Member, path: str, headers: Mapping[str, str], **value: Any) -> Any:
        client = Client(create_app(member.node))
        answer = client.request("POST", path, headers=headers, **posted(**value))
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()


def file_it(found: dict[str, Any]) -> Any:
    """Before all gateways are opened, and a day before all else: the record, filed by a department
    of Tianjin, and a file of its with another version of it."""

    def filing(chain: Any, folder: Path) -> Mapping[str, Any]:
        ring = keyring(chain, TIANJIN)
        node = open_member(chain, TIANJIN, folder / TIANJIN, ring, now=-DAY)
        client, ours = Client(create_app(node)), bearer(new_token(node, *SCOPES))
        headers = ours | JSON
        told = client.request("POST", "/v1/records", content=record_json(), headers=headers).json()
        assert told.get("verdict") == "accepted", told
        for _ in range(40):
            node.logs.step()
            if not node.anchoring.step().waiting:
                break
            chain.anvil.mine()
        chain.anvil.mine()
        found["day"] = date.fromisoformat(date_of(chain.anvil.head_time()))
        row = record_json(CF_NR="另一内容")
        files = {"file": ("x.ndjson", row)}
        answer = client.request("POST", "/v1/files", files=files, headers=ours)
        assert answer.status_code == 202, answer.text
        work(node)
        found["leaf"], found["record"] = told["leaf"], bytes.fromhex(told["recordId"])
        found["file"] = answer.headers["Location"].rpartition("/")[2]
        client.get(f"/v1/files/{found['file']}/report.xlsx", headers=ours)
        work(node)
        of_all = client.get(f"/v1/records/{told['leaf']}/receipt", headers=ours)
        assert of_all.status_code == 200, of_all.text
        found["receipt"] = of_all.content
        node.close()
        chain.anvil.call("evm_setTime", int(time.time()))
        chain.anvil.mine()
        return {TIANJIN: ring}

    return filing


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper says in plain what is printed on it, which a PDF has by the numbers of its glyphs."""
    monkeypatch.setattr(papers, "draw", lambda paper: repr(paper).encode())


@pytest.fixture
def world(tmp_path: Path, drawn: None) -> Iterator[tuple[World, date]]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    found: dict[str, Any] = {}
    codes = (TIANJIN, *ASKERS)
    yesterday = ("--timestamp", str(int(time.time()) - int(DAY.total_seconds())))
    with start_members(tmp_path, codes, before=file_it(found), anvil_args=yesterday) as network:
        day = found.pop("day")
        for member in network.members.values():
            member.node.watching.end()  # so that streams end at once
        made = World(network=network, **found)
        applied(made)
        yield made, day


def applied(world: World) -> None:
    """Beijing's desk applies, Tianjin accepts and proposes to grant it."""
    home, owner = world.network[BEIJING], world.owner
    desk = bearer(new_token(home.node, "submit", "read", department="信用窗口", name="desk"))
    told = world.step(
        home,
        "/v1/cases",
        desk,
        record=world.record.hex(),
        kind="repair",
        reason=REASON,
        owner=TIANJIN,
        authority=AUTHORITY,
    )
    world.case = told["case"]
    deliver(home, TIANJIN)
    clerk = own(owner.node, "clerk")
    world.step(owner, f"/v1/cases/{world.case}/accept", clerk, note=REASON)
    told = world.step(
        owner,
        f"/v1/cases/{world.case}/decide",
        clerk,
        act="grant",
        basis=2,
        **{"class": "severe"},
        note=REASON,
    )
    table = f"文书号,认定单位代码,结果,日期\n{NUMBER},{AUTHORITY},准予修复,{DECIDED}\n".encode()
    client = Client(create_app(owner.node))
    answer = client.request(
        "POST", "/v1/case-files", headers=clerk, files={"file": ("结果.csv", table)}
    )
    assert answer.status_code == 202, answer.text
    world.case_file = answer.json()["id"]
    owner.node.case_files.judging.step()  # as its thread does at once


def own(node: Node, name: str) -> dict[str, str]:
    """A token of the record's own authority."""
    scopes = ("submit", "read", "decide", "release")
    return bearer(new_token(node, *scopes, authorities=[AUTHORITY], name=name))


def granted(world: World) -> None:
    """Released and carried out everywhere."""
    owner = world.owner
    client, chief = Client(create_app(owner.node)), own(owner.node, "chief")
    shown = client.get(f"/v1/cases/{world.case}", headers=chief).json()
    number = shown["proposed"]["proposal"]
    answer = client.request(
        "POST", f"/v1/cases/{world.case}/release?proposal={number}", headers=chief
    )
    assert answer.status_code == 200, answer.text
    send_all(owner.node, owner.anvil)
    owner.anvil.mine()
    deliver(owner, BEIJING)
    for member in world.network.members.values():
        follow(member)


def callers(node: Node, *, all_of_them: bool) -> dict[str, dict[str, str]]:
    """Who asks but its own authority: each scope of the centre, of the department that filed it, of
    another, of another authority; and nobody at all."""
    whole = (*((scope, (scope,)) for scope in SCOPES), ("all", SCOPES))
    found: dict[str, dict[str, str]] = {"nobody": {}}
    kinds: tuple[tuple[str, str | None, list[str]], ...] = (
        ("centre", None, []),
        ("ours", "市监局", []),
        ("other", "乙局", []),
        ("foreign", "丙局", [FOREIGN]),
    )
    for who, department, authorities in kinds:
        for scope, scopes in whole:
            bound = [s for s in scopes if not (authorities and s == "admin")]
            if not bound or not (all_of_them or scope == "all"):
                continue
            token = new_token(
                node, *bound, department=department, authorities=authorities, name=f"{who} {scope}"
            )
            found[f"{who} {scope}"] = bearer(token)
    return found


def walk_of(world: World, member: Member) -> Walk:
    with_number = (NUMBER,)
    table = f"文书号,机关代码\n{NUMBER},{AUTHORITY}\n".encode()
    register = f"文书号,机关代码,日期\n{NUMBER},{AUTHORITY},{DECIDED}\n".encode()
    results = f"文书号,认定单位代码,结果,日期\n{NUMBER},{AUTHORITY},准予修复,{DECIDED}\n".encode()
    codes = f"统一社会信用代码\n{FOREIGN}\n".encode()
    log = world.network.chain.log_id(TIANJIN).hex()
    with world.owner.node.ctx.engine.connect() as connection:
        size = log_state(connection, 1).size
    document = f"?document={NUMBER}&authority={AUTHORITY}"
    case: dict[str, Any] = {"record": world.record.hex(), "kind": "objection", "reason": "不服"}
    case |= {"owner": TIANJIN, "authority": AUTHORITY}
    decision = Sent(options=posted(act="shield", basis=5))
    today = member.node.ctx.clock.today()
    day, number = today.isoformat(), make_number(member.code, today, 1)  # made in passing

    def table_of(data: bytes, **more: str) -> Sent:
        return Sent(options={"files": {"file": ("x.csv", data)}, "headers": more}, own=with_number)

    def body(own: Sequence[str] = (), **value: Any) -> Sent:
        return Sent(options={"content": orjson.dumps(value), "headers": JSON}, own=own)

    plain = dict.fromkeys(
        (
            *("/v1/cases/{case}/release", "/v1/cases/{case}/sign", "/v1/records/{record}/release"),
            *("/v1/case-files/{file}/release", "/v1/verify"),
            *(f"/v1/webhooks/{{webhook}}/{name}" for name in ("follow", "retry", "rotate", "test")),
            "/v1/authorisations/{authorisation}/revoke",
            *("/v1/products", "/v1/products/{product}/versions", "/v1/product-manifests"),
            "/v1/products/{product}/retire",
            "/v1/products/{product}/versions/{version}/users",
            *("/v1/uses/{use}/decision", "/v1/outcomes", "/v1/feedback"),
            *(f"/v1/exchange/{name}" for name in EXCHANGE),  # without a signature
        ),
        body,
    )
    return Walk(
        client=Client(create_app(member.node)),
        places={
            "leaf": (world.leaf, world.record.hex()),
            "record": (world.leaf, world.record.hex()),
            "file": (world.file, world.case_file),
            "log_id": (log,),
            "path": (f"0/000.p/{size}", f"entries/000.p/{size}"),
            "size": (str(size),),
            "sha256": (str(next(iter(all_schemas())).sha256), str(newest().sha256)),
            "month": (DECIDED[:7],),
            "case": (world.case,),
            "step": ("1", "2", "3"),
            "n": ("0",),
            "act": ("accept", "supplement", "withdraw"),
            "list": ("abnormal-list",),
            "webhook": ("0" * 32,),
            "subject": ("0" * 32,),
            "authorisation": ("00" * 32,),
            "use": ("0" * 32,),
            "product": ("00" * 32,),
            "version": ("1",),
            "number": (number,),
            "share": ("0" * 32,),
        },
        queries={
            "/v1/records": (document, ""),
            "/v1/records/{leaf}/receipt": ("", "?fields=CF_XDR_MC,CF_WSH,CF_NR_FK"),
            "/v1/cases": ("", "?mine=true", "?state=proposed", "?overdue=true", "?state=granted"),
            "/v1/repairs/due": ("", f"?on={END}"),
            "/v1/cases/{case}/release": ("?proposal=1",),
            "/v1/records/{record}/release": ("?proposal=1",),
            "/v1/cases/{case}/proposed/documents/{n}": ("?proposal=1",),
            "/v1/records/{record}/proposed/documents/{n}": ("?proposal=1",),
            "/v1/case-files/{file}/rows": ("", "?state=proposed", "?state=refused"),
            "/v1/reconcile": ("", f"?authority={AUTHORITY}"),
            "/v1/watch": (f"?record={world.record.hex()}", ""),
            "/v1/lists/{list}": ("",),
            "/v1/queries": (f"?first={DECIDED}&last={END}",),
            "/v1/usage": (f"?first={DECIDED}&last={END}",),
            "/v1/outcomes": (f"?period={DECIDED[:7]}",),
            "/v1/outcomes/sums": (f"?from={DECIDED[:7]}&until={DECIDED[:7]}",),
        },
        sent=plain
        | {
            "/v1/records": lambda: Sent(
                options={"content": record_json(CF_FRDB="别人"), "headers": JSON}
            ),
            "/v1/files": lambda: Sent(
                options={"files": {"file": ("x.ndjson", record_json(CF_NR="又一内容"))}}
            ),
            "/v1/returns": lambda: table_of(table),
            "/v1/reconcile": lambda: table_of(register),
            "/v1/case-files": lambda: table_of(results),
            "/v1/histories": lambda: body((SUBJECT,), code=SUBJECT, purpose="relocation", to=HEBEI),
            "/v1/webhooks": lambda: body(url="http://127.0.0.1:1/", records=[world.record.hex()]),
            "/v1/watched-subjects": lambda: body((SUBJECT,), code=SUBJECT, purpose="regulation"),
            "/v1/authorisations": lambda: Sent(options=posted()),
            "/v1/authorisations/find": lambda: body((SUBJECT,), subject=SUBJECT),
            "/v1/uses": lambda: body((SUBJECT,), code=SUBJECT, purpose="regulation"),
            "/v1/checks/subjects": lambda: body(
                (SUBJECT,), purpose="regulation", subjects=[{"code": SUBJECT}]
            ),
            "/v1/checks/table": lambda: table_of(codes),
            "/v1/feedback/table": lambda: table_of(codes),
            "/v1/reports": lambda: body((SUBJECT,), code=SUBJECT, to=day, **{"from": DECIDED}),
            "/v1/reports/{number}/shares": lambda: body(lines=[1], fields=[], until=day),
            "/v1/report-checks": lambda: body(number=number, code="2" * 8),
            "/v1/report-shares": lambda: body(number=number, code="2" * 8),
            "/v1/authorisations/held": lambda: body(record=world.record.hex()),
            "/v1/cases": lambda: Sent(options=posted(**case)),
            "/v1/cases/{case}/decide": lambda: decision,
            "/v1/records/{record}/decide": lambda: decision,
            "/v1/cases/{case}/{act}": lambda: Sent(options=posted(note="x")),
        },
        own=dict.fromkeys(
            ("/v1/queries", "/v1/watched-subjects", "/v1/reports/{number}/opening"), (SUBJECT,)
        ),
    )


EXCHANGE = ("record", "check", "list", "subject", "message", "openings")
"""All routes between members."""


def exchanged(world: World, asker: str) -> Iterator[tuple[str, bytes]]:
    """What a member is answered at each route; signed, as its own key signs."""
    log = world.network.chain.log_id(TIANJIN).hex()
    with world.owner.node.ctx.engine.connect() as connection:
        size = log_state(connection, 1).size
    fields = {"CF_XDR_MC": NAME, "CF_WSH": NUMBER, "CF_XDR_SHXYM": SUBJECT}
    bodies: dict[str, dict[str, Any]] = {
        "record": {"recordId": world.record.hex()},
        "check": {"recordId": world.record.hex(), "fields": fields},
        "openings": {"log": log, "from": 0, "to": size},
        "list": {"list": "abnormal-list", "day": world_day(world), "from": 0},
        "subject": {"code": SUBJECT, "types": ["penalty"], "purpose": "regulation"},
        "message": {},
    }
    assert set(bodies) == set(EXCHANGE)
    for route, value in bodies.items():
        body = orjson.dumps(value)
        request = make(world.network, asker, to=TIANJIN, route=route, body=body)
        answer = post(world.owner, request, body)
        assert answer.signed, (asker, route, answer.json)
        yield route, orjson.dumps(answer.json)


def world_day(world: World) -> str:
    return world.owner.node.ctx.clock.today().isoformat()


def judged(world: World, **question: Any) -> Verdict:
    verifier = Verifier(world.network.chain.file, now=world.network.chain.anvil.head_time, wait=0)
    try:
        return verifier.verify(world.receipt, ask(**question))
    finally:
        verifier.close()


def walked(
    world: World, member: Member, *, all_of_them: bool, leave: Sequence[str] = ()
) -> Iterator[tuple[str, str, list[str]]]:
    """(who, what was asked, what it told) of a gateway."""
    walk = walk_of(world, member)
    for who, headers in callers(member.node, all_of_them=all_of_them).items():
        for asked, said, told_by_sender in walk.answers(headers, leave):
            wanted = [one for one in (*SECRETS, REASON) if one not in told_by_sender]
            yield who, asked, leaked(said, wanted)


_DECIDING = ("/v1/cases", "/v1/case-files/", "/v1/records/{record}")
"""Where the centre, which may, would decide the case in passing."""


_TELLING = (
    "/v1/records/X",
    "/v1/records/X/receipt",
    "/v1/files/X/report.xlsx",
    "/v1/case-files/X/rows",
    "/v1/case-files/X/report.xlsx",
    "/v1/cases/X/receipt.pdf",
    "/v1/cases/X/steps/2/documents/0",
    "/v1/cases/X/proposed/documents/0",
)
"""Where a field stands before the grant: the walk looks there."""


def test_nobody_is_told_a_field_after_the_grant(world: tuple[World, date]) -> None:
    """Before it the same walk finds them, so it looks where they are."""
    made, day = world
    document = {path for _, path in walk_of(made, made.owner).operations()}
    assert {path.rpartition("/")[2] for path in document if "/exchange/" in path} == set(EXCHANGE)
    before = {
        asked.split("?")[0]
        for _, asked, found in walked(made, made.owner, all_of_them=False, leave=_DECIDING)
        if set(found) & set(SECRETS)
    }
    places = re.sub("[0-9a-f]{32,}", "X", " ".join(sorted(before)))
    for place in _TELLING:
        assert place in places, f"{place}: {places}"
    made.owner.anvil.mine(4)
    follow(made.owner)
    told = {
        (asker, route)
        for asker in ASKERS
        for route, body in exchanged(made, asker)
        if leaked(body, SECRETS) or b'"match":true' in body
    }
    assert told == {(asker, route) for asker in ASKERS for route in ("record", "check", "subject")}
    granted(made)
    problems: list[tuple[object, ...]] = []
    for _ in range(2):  # what was handed in meanwhile is answered, and looked at as well
        for code, member in made.network.members.items():
            for who, asked, found in walked(made, member, all_of_them=code == TIANJIN):
                if found:
                    problems.append((code, who, asked, found))
        work(made.owner.node)
        made.owner.node.case_files.judging.step()
    for asker in ASKERS:
        for route, body in exchanged(made, asker):
            ours = [SUBJECT] if route == "subject" else []  # the question, signed with the answer
            found = [one for one in leaked(body, SECRETS) if one not in ours]
            if found or b'"match":true' in body or b'"match":false' in body:
                problems.append((asker, route, body[:200]))
    assert problems == []
    now = judged(made)
    assert (now.verdict, now.exit, now.standing.usable) == ("repaired", 3, False)
    assert now.record is not None and now.record["CF_WSH"] == NUMBER, "it is authentic"
    then = judged(made, as_of=day)
    assert (then.verdict, then.standing.usable) == ("valid", True)
    assert then.now.verdict == "repaired"
