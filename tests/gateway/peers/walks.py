"""Every route of a gateway asked by everybody, about one record whose words are secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from gateway.app import create_app
from gateway.base.policy import SCOPES
from gateway.log.store import state as log_state
from gateway.node import Node
from ledger.core.report_content import make_number
from ledger.records.rules import newest
from ledger.records.schema import all_schemas
from tests.acceptance.independent import uscc
from tests.gateway.intake.material import bearer, new_token
from tests.gateway.peers.hands import make, post
from tests.records.examples import AUTHORITY, penalty
from tests.support import nightly
from tests.support.asgi import Client
from tests.support.peers import Member, Network
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
THEIRS = {
    **{"CF_XDR_MC": "另一公司", "CF_XDR_SHXYM": uscc(4712), "CF_FRDB": "另一人"},
    **{"CF_WSH": "另罚〔2026〕1号", "CF_SY": "另一事由", "CF_NR_FK": "0.1"},
}
"""Of a record that other members hold themselves."""
PDF = f"%PDF-1.7\n{NUMBER} {NAME}\n".encode()
DAY = timedelta(days=1)
JSON = {"Content-Type": "application/json"}


def record_json(class_: str = "severe", **changes: object) -> bytes:
    return json.dumps({"type": "penalty", "class": class_, "fields": FIELDS | changes}).encode()


def posted(**value: Any) -> dict[str, Any]:
    """A step with a document."""
    files = [("case", (None, orjson.dumps(value))), ("doc", ("决定.pdf", PDF))]
    return {"files": files}


@dataclass
class World:
    """The members, and the record: Tianjin's. places: what else stands for a name in a path."""

    network: Network
    leaf: str
    record: bytes
    receipt: bytes
    file: str
    case: str = "0" * 64
    case_file: str = "0" * 32
    class_: str = "severe"
    places: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def owner(self) -> Member:
        return self.network[TIANJIN]

    def step(self, member: Member, path: str, headers: Mapping[str, str], **value: Any) -> Any:
        client = Client(create_app(member.node))
        answer = client.request("POST", path, headers=headers, **posted(**value))
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()


def asking_scopes() -> Sequence[str]:
    """Each scope that is asked with alone."""
    return SCOPES if nightly.is_night() else ("submit", "read", "admin")


def callers(node: Node, *, all_of_them: bool) -> dict[str, dict[str, str]]:
    """Who asks but its own authority: each scope of the centre, of the department that filed it, of
    another, of another authority; and nobody at all. By day some of the scopes, and all at once."""
    alone = SCOPES if nightly.is_night() else ("read",)
    whole = (*((scope, (scope,)) for scope in alone), ("all", SCOPES))
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


def _report(member: Member, asked: Mapping[str, str]) -> str:
    """The number of a report that a province makes; a number of nobody's where it is none."""
    token = bearer(new_token(member.node, "read", department=None, name="报告"))
    http = Client(create_app(member.node))
    answer = http.request("POST", "/v1/reports", content=orjson.dumps(asked), headers=token)
    today = member.node.ctx.clock.today()
    return answer.headers.get("credit-ledger-report") or make_number(member.code, today, "2" * 10)


def walk_of(world: World, member: Member) -> Walk:
    with_number = (NUMBER,)
    today = member.node.ctx.clock.today()
    day = today.isoformat()
    number = _report(member, {"code": SUBJECT, "from": DECIDED, "to": day})
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
    # Its owner is sent another version; others one of theirs, of which they may be told.
    another = {"CF_FRDB": "别人"} if member is world.owner else THEIRS

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
            "token": ("999999",),
            "subject": ("0" * 32,),
            "authorisation": ("00" * 32,),
            "use": ("0" * 32,),
            "product": ("00" * 32,),
            "version": ("1",),
            "number": (number,),
            "share": ("0" * 32,),
            **world.places,
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
                options={"content": record_json(world.class_, **another), "headers": JSON}
            ),
            "/v1/files": lambda: Sent(
                options={
                    "files": {"file": ("x.ndjson", record_json(world.class_, CF_NR="又一内容"))}
                }
            ),
            "/v1/files/find": lambda: body(name="x"),
            "/v1/receipts": lambda: body(leaves=[world.leaf]),
            "/v1/records/find": lambda: body((SUBJECT,), subject=SUBJECT),
            "/v1/records/{record}/send-back": lambda: body(proposal="x", reason="x"),
            "/v1/cases/{case}/send-back": lambda: body(proposal="x", reason="x"),
            "/v1/report-owners": lambda: body(number=number, code="2" * 8),
            "/v1/tokens": lambda: body(name="x", scopes=["read"]),
            "/v1/uses/find": lambda: body((SUBJECT,), code=SUBJECT),
            "/v1/uses/live": lambda: body((SUBJECT,), code=SUBJECT, purpose="regulation"),
            "/v1/watched-records": lambda: body(record=world.record.hex()),
            "/v1/returns": lambda: table_of(table),
            "/v1/reconcile": lambda: table_of(register),
            "/v1/case-files": lambda: table_of(results),
            "/v1/histories": lambda: body((SUBJECT,), code=SUBJECT, purpose="relocation", to=HEBEI),
            "/v1/webhooks": lambda: body(url="http://127.0.0.1:1/", records=[world.record.hex()]),
            "/v1/watched-subjects": lambda: body((SUBJECT,), code=SUBJECT, purpose="regulation"),
            "/v1/authorisations": lambda: Sent(options=posted()),
            "/v1/authorisations/find": lambda: body((SUBJECT,), subject=SUBJECT),
            "/v1/reports": lambda: body((SUBJECT,), code=SUBJECT, to=day, **{"from": DECIDED}),
            "/v1/reports/{number}/shares": lambda: body(lines=[1], fields=[], until=day),
            "/v1/report-checks": lambda: body(number=number, code="2" * 8),
            "/v1/report-shares": lambda: body(number=number, code="2" * 8),
            "/v1/report-copies": lambda: body(number=number, proof="A" * 43),
            "/v1/uses": lambda: body((SUBJECT,), code=SUBJECT, purpose="regulation"),
            "/v1/checks/subjects": lambda: body(
                (SUBJECT,), purpose="regulation", subjects=[{"code": SUBJECT}]
            ),
            "/v1/checks/table": lambda: table_of(codes),
            "/v1/feedback/table": lambda: table_of(codes),
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


def exchanged(
    world: World, asker: str, purpose: str = "regulation", shown: object = None
) -> Iterator[tuple[str, bytes]]:
    """What a member is answered at each route; signed, as its own key signs. shown: the opening of
    an authorisation that goes with it."""
    log = world.network.chain.log_id(TIANJIN).hex()
    with world.owner.node.ctx.engine.connect() as connection:
        size = log_state(connection, 1).size
    more = {} if shown is None else {"authorisation": shown}
    fields = {"CF_XDR_MC": NAME, "CF_WSH": NUMBER, "CF_XDR_SHXYM": SUBJECT}
    bodies: dict[str, dict[str, Any]] = {
        "record": {"recordId": world.record.hex()} | more,
        "check": {"recordId": world.record.hex(), "fields": fields} | more,
        "openings": {"log": log, "from": 0, "to": size},
        "list": {"list": "abnormal-list", "day": world_day(world), "from": 0},
        "subject": {"code": SUBJECT, "types": ["penalty"], "purpose": purpose} | more,
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


def walked(
    world: World, member: Member, *, all_of_them: bool, leave: Sequence[str] = ()
) -> Iterator[tuple[str, str, list[str]]]:
    """(who, what was asked, what it told) of a gateway."""
    walk = walk_of(world, member)
    for who, headers in callers(member.node, all_of_them=all_of_them).items():
        for asked, said, told_by_sender in walk.answers(headers, leave):
            wanted = [one for one in (*SECRETS, REASON) if one not in told_by_sender]
            yield who, asked, leaked(said, wanted)
