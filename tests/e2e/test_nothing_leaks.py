"""Markers are planted in every field of a record; nothing of them is found where they must not be:
chain data, tiles, entries, logs, metrics, the raw database. Nor an unsalted hash of them."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.devnet import plain
from gateway.devnet.state import decode_dump
from ledger.chain.nodes.rpc import Rpc
from ledger.core.ids import keccak256
from ledger.core.tiles import WIDTH, entries_path, tile_path
from tests.e2e.member import Member

PERSON = "11010519491231002X"
"""The example number of GB 11643; belongs to nobody."""
MARKERS = {
    "CF_XDR_MC": "标记甲村合成有限公司",
    "CF_FRDB": "标记乙",
    "CF_WSH": "标记丙罚〔2026〕77号",
    "CF_WFXW": "标记丁行为",
    "CF_SY": "标记戊事实",
    "CF_YJ": "标记己依据",
    "CF_NR": "标记庚内容",
    "CF_CFJG": "标记辛机关",
    "CF_SJLY": "标记壬单位",
    "BZ": "标记癸备注",
}
PERSONAL = {"CF_FR_ZJLX": "身份证", "CF_FR_ZJHM": PERSON}


def traces(value: str) -> Iterator[bytes]:
    """How a value could stand in somebody's bytes."""
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        raw = value.encode(encoding)
        yield from (raw, raw.hex().encode())
    raw = value.encode()
    yield json.dumps(value)[1:-1].encode()
    yield from (b64encode(raw)[:-4], urlsafe_b64encode(raw)[:-4])
    for digest in (hashlib.sha256(raw), hashlib.sha3_256(raw), hashlib.md5(raw)):
        yield from (digest.digest(), digest.hexdigest().encode())
    yield from (bytes(keccak256(raw)), keccak256(raw).hex().encode())


def found_in(data: bytes, values: list[str]) -> list[str]:
    """Which values left a trace."""
    return [value for value in values if any(trace in data for trace in traces(value))]


@pytest.fixture(scope="module")
def planted(member: Member, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A record full of markers, anchored, read by everybody; the values that must not be found."""
    record = member.record(7)
    record["fields"] |= MARKERS | PERSONAL
    answer = member.submit(record)
    assert answer["verdict"] == "accepted", answer
    assert "person-id-dropped" in {note["code"] for note in answer["notes"]}
    member.receipt(answer["leaf"], tmp_path_factory.mktemp("out") / "receipt.json")
    bad = record | {"fields": record["fields"] | {"CF_JDRQ": "标记坏日期"}}
    assert member.submit(bad)["code"] == "date-invalid"
    return [*MARKERS.values(), PERSON, record["fields"]["CF_XDR_SHXYM"], "标记坏日期"]


def test_the_search_finds_what_is_there(planted: list[str]) -> None:
    for value in planted:
        assert found_in(b"x" + value.encode() + b"y", planted) == [value]
        assert found_in(hashlib.sha256(value.encode()).digest(), planted) == [value]


def test_chain(member: Member, planted: list[str]) -> None:
    rpc = Rpc(member.network.ports.rpc, max_bytes=1 << 28)
    dump = decode_dump(rpc.call("anvil_dumpState"))
    rpc.close()
    assert b'"transactions"' in dump and len(dump) > 100_000
    assert found_in(dump, planted) == []


def test_public_log(member: Member, planted: list[str]) -> None:
    log = plain.get(f"{member.url}/v1/node", timeout=300).json()["logs"][0]
    width = log["size"]
    assert 0 < width < WIDTH
    for path in ("checkpoint", tile_path(0, 0, width), entries_path(0, width)):
        data = plain.get(f"{log['url']}/{path}", timeout=300).raise_for_status().content
        assert found_in(data, planted) == []


@pytest.mark.parametrize("path", ["/metrics", "/v1/node", "/readyz", "/openapi.json"])
def test_public_pages(member: Member, planted: list[str], path: str) -> None:
    data = plain.get(member.url + path, timeout=300).raise_for_status().content
    assert found_in(data, planted) == []


def test_files_of_the_gateway(member: Member, planted: list[str]) -> None:
    folder = member.folder / "members" / member.code
    member.process.stop()
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"gateway.db", "log.jsonl"} <= names
    for path in files:
        assert found_in(path.read_bytes(), planted) == [], path.name


def test_files_of_the_chain(member: Member, planted: list[str], tmp_path: Path) -> None:
    files = [path for path in (member.folder / "chain").iterdir() if path.is_file()]
    assert files
    for path in files:
        assert found_in(path.read_bytes(), planted) == [], path.name
