"""After an act nobody is given a field of the record, by any route, but its own authority."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import openpyxl
import pytest
import sqlalchemy as sa

from gateway.accesses.models import accesses
from gateway.app import create_app
from gateway.base.policy import SCOPES, VERSION
from gateway.node import Node
from gateway.statuses.interfaces import Standing
from ledger.core.ids import Digest, RecordId
from ledger.core.receipt import parse
from ledger.core.status import Action, Basis
from tests.acceptance.independent import uscc
from tests.gateway.files.work import work
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token, record
from tests.gateway.peers.walks import asking_scopes
from tests.gateway.statuses.desk import FIRST, closed_rows, look, open_gateway
from tests.support.asgi import Client
from tests.support.cases import act, make_act
from tests.support.chain import TestNetwork

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NAME, NUMBER = "绝密样例有限公司", "绝密罚〔2026〕77号"
SECRET = (NAME, NUMBER, "绝密法人")
"""Of the record, and of nothing else."""
SHORT = 20
FOREIGN = uscc(22, start="11110106MA")
OURS: dict[str, str] = dict.fromkeys(("CF_CFJGDM", "CF_SJLYDM"), OF_BEIJING)
FIELDS: dict[str, Any] = {"CF_XDR_MC": NAME, "CF_FRDB": SECRET[2], "CF_WSH": NUMBER, **OURS}
FIELDS |= {"CF_CFLB": "罚款", "CF_NR_FK": "0.2"}


class Offices:
    """A gateway with one record, and who asks it: every scope (by day some, and all at once) of the
    centre, of the department that filed it, of another, of another authority, and of its own."""

    def __init__(self, node: Node, network: TestNetwork) -> None:
        self.node, self.network = node, network
        self.app = create_app(node)
        self.client = Client(self.app)
        asked = asking_scopes()
        self.others = {
            f"{who} {scope}": bearer(new_token(node, *scopes, department=department, name=who))
            for who, department in (("centre", None), ("ours", "市监局"), ("other", "乙局"))
            for scope, scopes in (*((s, (s,)) for s in asked), ("all", SCOPES))
        }
        for scope in asked:
            token = new_token(node, scope, department="丙局", authorities=[FOREIGN])
            self.others[f"foreign {scope}"] = bearer(token)
        token = new_token(node, "submit", "read", department="丁局", authorities=[OF_BEIJING])
        self.own = bearer(token)
        self.leaf, self.record = self.submit(**FIELDS)

    def submit(self, **changes: Any) -> tuple[str, RecordId]:
        answer = self.post(self.others["ours submit"], **changes).json()
        assert answer.get("verdict") == "accepted", answer
        return answer["leaf"], RecordId(Digest(bytes.fromhex(answer["recordId"])))

    def post(self, headers: dict[str, str], **changes: Any) -> Any:
        content = json.dumps(record(1) | {"fields": record(1)["fields"] | changes})
        headers = headers | {"Content-Type": "application/json"}
        return self.client.request("POST", "/v1/records", content=content, headers=headers)

    def anchor(self) -> None:
        while self.node.logs.step():
            pass
        for _ in range(10):
            if not self.node.anchoring.step().waiting:
                break
            self.network.anvil.mine()

    def act(self, action: Action, basis: Basis = Basis.ORDER_58) -> None:
        entry = json.loads(self.client.get(f"/v1/receipts/{self.leaf}").content)["entry"]
        commitment = bytes.fromhex(entry["commitment"])
        log = self.network.log_id(FIRST)
        act(self.network, FIRST, make_act(self.network, action, log, commitment, basis=basis))
        self.network.anvil.mine()
        look(self.node)

    def file(self, rows: list[dict[str, Any]], headers: dict[str, str]) -> str:
        """Hand in a file and let it be answered; where its answer is."""
        data = "\n".join(json.dumps(row) for row in rows).encode()
        posted = self.client.request(
            "POST", "/v1/files", files={"file": ("x.ndjson", data)}, headers=headers
        )
        assert posted.status_code == 202, posted.text
        work(self.node)
        return str(posted.headers["Location"])


@pytest.fixture
def offices(network: TestNetwork, tmp_path: Path) -> Iterator[Offices]:
    node = open_gateway(network, tmp_path / "node", FIRST, now=NOW)
    with closing(node):
        offices = Offices(node, network)
        offices.anchor()
        look(node)
        node.watching.end()  # so that streams end at once
        yield offices


def text_of(body: bytes) -> str:
    """All that can be read in an answer; of a workbook what stands in its cells, of a receipt what
    its presentation discloses."""
    if is_zipfile(BytesIO(body)):
        with ZipFile(BytesIO(body)) as archive:
            return "".join(
                archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
            )
    found = body.decode("utf-8", "replace")
    packed = (part for part in re.split(r"[^A-Za-z0-9_-]", found) if len(part) > SHORT)
    return found + "".join(unpacked(part) for part in packed)


def unpacked(part: str) -> str:
    """What base64url says; nothing where it is none."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
    except ValueError:
        return ""


def leaked(body: bytes) -> list[str]:
    text = text_of(body)
    spelled = [json.dumps(value)[1:-1] for value in SECRET]
    return [
        value
        for value, other in zip(SECRET, spelled, strict=True)
        if value in text or other in text
    ]


TABLE_OF = f"文书号,机关代码\n{NUMBER},{OF_BEIJING}\n".encode()
REGISTER = f"文书号,机关代码,日期\n{NUMBER},{OF_BEIJING},2026-05-01\n".encode()


def walk(offices: Offices, headers: dict[str, str], file: str) -> Iterator[tuple[str, bytes]]:
    """Ask every route of the OpenAPI document, with what belongs there; each answer."""
    spec = offices.client.get("/openapi.json").json()
    values = {
        "leaf": (offices.leaf, offices.record.hex()),
        "file": (file.rpartition("/")[2],),
        "log": (offices.network.log_id(FIRST).hex(),),
    }
    for path, methods in spec["paths"].items():
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        fillings: list[dict[str, str]] = [{}]
        for name in names:
            fillings = [
                one | {name: value} for one in fillings for value in values.get(name, ("0",))
            ]
        for filling in fillings:
            url = path.format(**filling)
            if "get" in methods:
                yield f"GET {url}", offices.client.get(url, headers=headers).content
            if "post" in methods:
                yield f"POST {url}", sent(offices, url, headers)


def sent(offices: Offices, url: str, headers: dict[str, str]) -> bytes:
    if url == "/v1/records":
        return bytes(offices.post(headers, **FIELDS | {"CF_FRDB": "别人"}).content)
    if url.startswith(("/v1/returns", "/v1/reconcile")):
        data = TABLE_OF if url == "/v1/returns" else REGISTER
        answer = offices.client.request(
            "POST", url, files={"file": ("x.csv", data)}, headers=headers
        )
        xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        book = offices.client.request(
            "POST", url, files={"file": ("x.csv", data)}, headers=headers | {"Accept": xlsx}
        )
        # A workbook names the rows of the table that was sent, which are the sender's own words.
        return bytes(answer.content) + without_sent(book.content)
    return b""


def without_sent(body: bytes) -> bytes:
    """Cells of a workbook but for the number that was sent."""
    if not is_zipfile(BytesIO(body)):
        return body
    book = openpyxl.load_workbook(BytesIO(body))
    cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value]
    return "\n".join(cell for cell in cells if cell != NUMBER).encode()


def test_nobody_is_told_a_field(offices: Offices) -> None:
    """Before the act the same walk finds them, so it looks where they are."""
    differing = record(1) | {"fields": record(1)["fields"] | FIELDS | {"CF_NR": "罚款"}}
    rows = [differing | {"type": "penalty"}]
    file = offices.file(rows, offices.others["ours submit"])
    offices.client.get(f"{file}/report.xlsx", headers=offices.others["ours all"])
    work(offices.node)  # a workbook that is there already
    before = {
        place.partition("?")[0]
        for headers in offices.others.values()
        for place, body in walk(offices, headers, file)
        if leaked(body)
    }
    assert {place.split("/")[2] for place in before} >= {"records", "files"}
    assert any(place.endswith("receipt") for place in before)
    offices.act(Action.REPAIR)
    assert closed_rows(offices.node)
    for _ in range(2):  # what was made meanwhile is looked at as well
        for who, headers in offices.others.items():
            for place, body in walk(offices, headers, file):
                assert leaked(body) == [], (who, place)
        work(offices.node)


def test_what_each_is_answered(offices: Offices) -> None:
    offices.act(Action.SHIELD, Basis.COURT)
    get, leaf = offices.client.get, offices.leaf
    for who in ("centre read", "centre admin", "ours all", "other read", "foreign read"):
        for path in (f"/v1/records/{leaf}", f"/v1/records/{leaf}/receipt"):
            answer = get(path, headers=offices.others[who])
            assert (answer.status_code, answer.json()["code"]) == (403, "content-closed"), who
            assert answer.json()["text"]["zh"] and answer.json()["text"]["en"]
    shown = get(f"/v1/records/{leaf}", headers=offices.own)
    assert shown.json()["fields"]["CF_XDR_MC"] == NAME
    # Of a presentation without binding there is none for its authority either.
    receipt = get(f"/v1/records/{leaf}/receipt", headers=offices.own)
    assert receipt.status_code == 200 and parse(receipt.content).presentation is None
    assert receipt.content == get(f"/v1/receipts/{leaf}").content
    with offices.node.ctx.engine.connect() as connection:
        lines = connection.execute(
            sa.select(accesses).where(accesses.c.answer == "content-closed")
        ).all()
    assert {line.purpose for line in lines} == {"show", "disclose"}
    assert {line.rules for line in lines} == {VERSION}
    assert {line.record.hex() for line in lines} == {leaf}


def test_sent_again(offices: Offices) -> None:
    """The same record gets the same leaf as ever; what differs in another is told only to its own
    authority."""
    offices.act(Action.REPAIR)
    again = offices.post(offices.others["ours submit"], **FIELDS).json()
    assert (again["verdict"], again["leaf"]) == ("duplicate", offices.leaf)
    other = FIELDS | {"CF_FRDB": "别人"}
    told = offices.post(offices.others["ours submit"], **other).json()
    assert (told["verdict"], told["leaf"], told["changed"]) == ("conflict", None, [])
    own = offices.post(offices.own, **other).json()
    assert (own["verdict"], own["leaf"], own["changed"]) == ("conflict", offices.leaf, ["CF_FRDB"])


def test_eased_it_is_open_again(offices: Offices) -> None:
    offices.act(Action.REPAIR)
    centre = offices.others["centre read"]
    path = f"/v1/records/{offices.leaf}"
    assert offices.client.get(path, headers=centre).status_code == 403
    offices.act(Action.RESCIND)
    assert offices.client.get(path, headers=centre).status_code == 200
    assert closed_rows(offices.node) == []


def test_a_dispute_closes_nothing(offices: Offices) -> None:
    offices.act(Action.DISPUTE)
    centre = offices.others["centre read"]
    assert offices.client.get(f"/v1/records/{offices.leaf}", headers=centre).status_code == 200
    assert offices.node.statuses(offices.record) is Standing.DISPUTED


@pytest.mark.parametrize(
    ("action", "standing", "flags", "outcome"),
    [
        (Action.REPAIR, Standing.OUTCOME, [], "repaired"),
        (Action.SHIELD, Standing.SHIELDED, ["shielded"], "none"),
        (Action.ERASE, Standing.ERASED, ["erased"], "none"),
    ],
)
def test_the_status_is_anybodys(
    offices: Offices, action: Action, standing: Standing, flags: list[str], outcome: str
) -> None:
    before = offices.client.get(f"/v1/records/{offices.leaf}/status").json()
    assert before == {
        "record": offices.record.hex(),
        "flags": [],
        "outcome": "none",
        "version": 0,
        "recordedAt": None,
        "effectiveAt": None,
        "correctedBy": None,
        "closed": False,
    }
    assert offices.node.statuses(offices.record) is Standing.IN_FORCE
    offices.act(action, Basis.COURT)
    for name in (offices.leaf, offices.record.hex()):
        told = offices.client.get(f"/v1/records/{name}/status").json()
        assert (told["record"], told["version"]) == (offices.record.hex(), 1)
        assert (told["flags"], told["outcome"], told["closed"]) == (flags, outcome, True)
        assert told["recordedAt"] >= told["effectiveAt"]
    assert offices.node.statuses(offices.record) is standing
    assert offices.client.get(f"/v1/records/{'ab' * 32}/status").status_code == 404
    assert offices.client.get("/v1/records/x/status").status_code == 404
