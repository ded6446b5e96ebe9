"""No content of a record in the database file, the log, the metrics or the public tree."""

import hashlib
import time
from dataclasses import asdict
from pathlib import Path

import httpx
import orjson

from gateway.accesses.services import Wanted, read
from ledger.records.schema import load
from tests.gateway.app.server import serving
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token
from tests.records.examples import code, penalty
from tests.support.node import LOG_ID, make_test_node

MARK = "标记Qx7Zk"
SUBJECT = code("91110000", "7MARK3R0")
PERSON = "110101199003077731"
DEPARTMENT = "报送部门"

# Free text of every such field, and the values that are found by their form.
FIELDS = {
    field.code: f"{MARK}-{field.code}"
    for field in load("penalty").fields
    if field.kind == "text" and field.disclosable
}
RECORD = (
    penalty()
    | FIELDS
    | {
        "CF_XDR_SHXYM": SUBJECT,
        "CF_XDR_GSZC": "110108009MARK",
        "CF_FR_ZJLX": "身份证",
        "CF_FR_ZJHM": PERSON,
        "CF_NR_FK": "73.190551",
        "CF_CFLB": ["罚款"],
    }
)
NEEDLES = [
    MARK,
    "Qx7Zk",
    SUBJECT,
    SUBJECT.lower(),
    PERSON,
    "110108009MARK",
    "73.190551",
    hashlib.sha256(SUBJECT.encode()).hexdigest(),
    hashlib.sha256(FIELDS["CF_WSH"].encode()).hexdigest(),
]


def body(**changes: object) -> bytes:
    return orjson.dumps({"type": "penalty", "fields": RECORD | changes})


def find(haystack: bytes) -> list[str]:
    """Which of the needles are in it, in any of the usual spellings."""
    found = []
    for needle in NEEDLES:
        spellings = {needle.encode(), needle.encode("utf-16-le"), needle.encode("gb18030")}
        spellings.add(orjson.dumps(needle)[1:-1])
        spellings.add(needle.encode("unicode_escape"))
        if len(needle) == 64 and needle.isascii():
            spellings.add(bytes.fromhex(needle))
        if any(spelling in haystack for spelling in spellings):
            found.append(needle)
    return found


def test_nothing_of_a_record_gets_out(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, seed="server")
    token = bearer(new_token(node, "submit", department=DEPARTMENT))
    reader = bearer(new_token(node, "read", department=DEPARTMENT))
    other = bearer(new_token(node, "submit", department="别处", authorities=[OF_BEIJING]))
    json = token | {"Content-Type": "application/json"}
    ndjson = token | {"Content-Type": "application/x-ndjson"}
    with serving(tmp_path) as server, httpx.Client(base_url=server.url, timeout=300) as client:
        statuses = [
            client.post("/v1/records", content=content, headers=json).status_code
            for content in (
                body(),
                body(),
                body(CF_SY=f"{MARK} other"),
                body(CF_NR_FK=f"{MARK}"),
                body(CF_XDR_LB="自然人"),
                body()[:-2],
                orjson.dumps({"type": MARK, "fields": {MARK: MARK}}),
            )
        ]
        assert statuses == [201, 200, 409, 422, 422, 422, 422]
        lines = b"\n".join([body(CF_WSH=f"{MARK}2"), body(CF_WSH=f"{MARK}3"), body()[:-2]])
        assert client.post("/v1/records", content=lines, headers=ndjson).status_code == 200
        leaf = client.post("/v1/records", content=body(), headers=json).json()["leaf"]
        found = client.get(f"/v1/records/{leaf}", headers=reader)
        assert find(found.content) != []
        refused = client.post("/v1/records", content=body(), headers=json | other)
        assert refused.json()["code"] == "authority-not-yours"
        assert find(refused.content) == []
        client.get(f"/v1/records/{MARK}", headers=token | {"X-Name": "Qx7Zk"})
        client.get(f"/v1/receipts/{SUBJECT}?fields={MARK}")
        client.request("Qx7Zk", f"/{SUBJECT}")
        node.logs.step()
        public = b"".join(
            client.get(f"/logs/{LOG_ID.hex()}/{path}").content
            for path in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3")
        )
        assert public.count(b'"commitment"') == 3
        public += client.get("/v1/node").content + client.get("/openapi.json").content
        metrics = client.get("/metrics").content
        assert b'credit_ledger_intake_rows_total{type="penalty",verdict="accepted"} 3' in metrics
        assert b'type="other"' in metrics
        assert server.stop() == 0
        log = server.log.read_bytes()
    assert len(log.splitlines()) > 15
    accesses = [asdict(line) for line in read(node.ctx.engine, Wanted())]
    assert {line["purpose"] for line in accesses} == {"submit", "show", "compare"}
    answers = {line["answer"] for line in accesses}
    assert answers == {"allowed", "authority-not-yours", "scope-missing"}
    node.close()
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert len(files["gateway.db"]) > 50_000
    assert {name: find(data) for name, data in files.items()} == {name: [] for name in files}
    assert find(public) == []
    assert find(orjson.dumps(accesses)) == []
    assert find(metrics) == []
    assert find(log) == []
    assert find(body()) != []  # the search itself finds what is there


def test_an_error_of_ours_does_not_quote_the_record(tmp_path: Path) -> None:
    """Database errors carry their parameters in their text; the log has only where it happened."""
    node = make_test_node(tmp_path, seed="server")
    token = bearer(new_token(node, "submit"))
    with serving(tmp_path) as server, httpx.Client(base_url=server.url, timeout=300) as client:
        with node.ctx.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE records")
        headers = token | {"Content-Type": "application/json"}
        response = client.post("/v1/records", content=body(), headers=headers)
        assert response.status_code in (500, 503)
        assert find(response.content) == []
        end = time.monotonic() + 300
        while not any("exception" in line for line in server.lines()):
            assert time.monotonic() < end, "it is logged"
            time.sleep(0.1)
        lines = server.lines()
        assert find(server.log.read_bytes()) == []
    failed = [line for line in lines if "exception" in line]
    assert failed
    assert all(line["exception"]["at"] for line in failed)
    assert not any("parameters" in str(line) for line in failed)
    node.close()
