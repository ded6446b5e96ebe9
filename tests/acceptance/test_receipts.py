"""Receipts by HTTP and by command, read with our own eyes."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Kept
from tests.acceptance.independent import (
    canonical,
    check_es256,
    leaf_hash,
    open_checkpoint,
    open_presentation,
    path_root,
    record_id,
)
from tests.acceptance.outside import TIANJIN, Net, penalty, run, until

RECEIPT = {"_type", "anchor", "checkpoint", "entry", "index", "log", "network", "path", "size"}
PAYLOAD = {"_sd", "_sd_alg", "class", "decided", "iss", "log", "rules", "schema", "until", "vct"}
SLOTS = 29
"""Table 1.2 of penalties without the four fields of a person's identity document."""


def unwitnessed(raw: bytes) -> dict[str, Any]:
    """A receipt without the lines of witnesses, which its checkpoint gains as they come."""
    receipt: dict[str, Any] = json.loads(raw)
    head, _, lines = receipt["checkpoint"].partition("\n\n")
    return receipt | {"checkpoint": (head, lines.splitlines()[0])}


def test_bytes_of_a_receipt(net: Net, valid: Kept) -> None:
    for file, keys in ((valid.bare, RECEIPT), (valid.file, RECEIPT | {"presentation"})):
        raw = file.read_bytes()
        receipt = json.loads(raw)
        assert raw == canonical(receipt) + b"\n"
        assert set(receipt) == keys
        assert receipt["_type"] == "credit-ledger/receipt@1"
        assert set(receipt["anchor"]) == {"block", "blockHash", "time", "tx"}
        assert receipt["network"] == f"eip155:31337:{net.pinned['consortium']}"
        entry = canonical(receipt["entry"])
        assert leaf_hash(entry).hex() == valid.leaf
        commitment = receipt["entry"]["commitment"]
        assert record_id(receipt["log"], commitment) == valid.answer["recordId"]
        (log,) = net.node()["logs"]
        head = open_checkpoint(receipt["checkpoint"], log["vkey"])
        assert receipt["log"] == log["log"] == receipt["entry"]["log"]
        assert head.size == receipt["size"]
        path = [bytes.fromhex(step) for step in receipt["path"]]
        root = path_root(bytes.fromhex(valid.leaf), receipt["index"], receipt["size"], path)
        assert root == head.root


def test_the_anchor_is_the_first_that_covers_the_leaf(net: Net, valid: Kept) -> None:
    receipt = json.loads(valid.bare.read_bytes())
    anchor = receipt["anchor"]
    block = net.rpc("eth_getBlockByHash", anchor["blockHash"], False)
    assert int(block["number"], 16) == anchor["block"]
    mined = net.rpc("eth_getTransactionReceipt", anchor["tx"])
    assert mined["blockHash"] == anchor["blockHash"]
    (event,) = [log for log in mined["logs"] if log["address"] == net.log_anchor]
    _topic, logged, size = event["topics"]
    assert logged == "0x" + receipt["log"]
    assert int(size, 16) == receipt["size"]
    previous = int(event["data"][2:66], 16)
    assert previous <= receipt["index"] < receipt["size"]


def test_commitment_from_the_presentation(net: Net, valid: Kept) -> None:
    receipt = json.loads(valid.file.read_bytes())
    shown = open_presentation(receipt["presentation"])
    assert set(shown.payload) == PAYLOAD
    digest = hashlib.sha256(shown.payload_bytes).hexdigest()
    assert receipt["entry"]["commitment"] == digest
    assert len(shown.payload["_sd"]) == SLOTS, "filled and empty: all look alike"
    assert re.fullmatch(r"publicity@1:[0-9a-f]{64}", shown.payload["rules"])
    assert shown.payload["_sd_alg"] == "sha-256"
    assert shown.payload["vct"] == "urn:credit-ledger:record:1"
    assert shown.payload["iss"] == TIANJIN
    assert shown.payload["log"] == receipt["log"]
    assert shown.payload["class"] is None
    assert shown.payload["decided"] == valid.record["fields"]["CF_JDRQ"]
    assert shown.payload["until"] == valid.record["fields"]["CF_GSJZQ"]
    assert receipt["entry"]["period"] == shown.payload["decided"][:7]
    assert shown.payload["schema"].startswith(f"{receipt['entry']['schema']}:")
    assert shown.fields == valid.record["fields"]
    assert set(shown.header) == {"alg", "iat", "kid", "typ"}
    (key,) = [key for key in net.node()["keys"] if key["keyId"] == shown.header["kid"]]
    assert key["purpose"] == "PRESENT"
    check_es256(receipt["presentation"], key["jwk"])


def test_fields_asked_for(net: Net, valid: Kept, tmp_path: Path) -> None:
    url = f"/v1/records/{valid.leaf}/receipt"
    answer = net.http.get(f"{url}?fields=CF_WSH,CF_XDR_SHXYM", headers=net.auth())
    assert answer.status_code == 200
    shown = open_presentation(answer.json()["presentation"])
    assert list(shown.fields) == ["CF_XDR_SHXYM", "CF_WSH"], "in the order of the slots"
    everything = net.http.get(url, headers=net.auth()).json()["presentation"]
    assert open_presentation(everything).fields == valid.record["fields"]
    unknown = net.http.get(f"{url}?fields=CF_NOTHING", headers=net.auth())
    assert unknown.status_code == 422
    assert unknown.headers["content-type"].startswith("application/problem+json")
    assert unknown.json()["code"]
    assert net.http.get(url).status_code == 401
    out = tmp_path / "some.json"
    options = ("--fields", "CF_XDR_SHXYM", "--token", net.token())
    assert net.receipt(valid.leaf, out, *options).code == 0
    some = json.loads(out.read_bytes())["presentation"]
    assert set(open_presentation(some).fields) == {"CF_XDR_SHXYM"}


def test_public_receipt(net: Net, valid: Kept) -> None:
    answer = net.http.get(f"/v1/receipts/{valid.leaf}")
    assert answer.status_code == 200
    assert unwitnessed(answer.content) == unwitnessed(valid.bare.read_bytes())
    assert answer.content == canonical(json.loads(answer.content)) + b"\n"
    for leaf in ("0" * 64, "nonsense", valid.leaf.upper()):
        missing = net.http.get(f"/v1/receipts/{leaf}")
        assert missing.status_code == 404
        assert missing.headers["content-type"].startswith("application/problem+json")


def test_a_receipt_that_is_only_promised(net: Net, tmp_path: Path) -> None:
    leaf = net.post(penalty()).json()["leaf"]
    early = net.http.get(f"/v1/receipts/{leaf}")
    assert early.status_code in {200, 202}
    if early.status_code == 202:
        assert int(early.headers["retry-after"]) > 0
    at_once = run("receipt", leaf, "--from", net.urls[TIANJIN], "-o", tmp_path / "early.json")
    assert at_once.code in {0, 4}
    assert (tmp_path / "early.json").exists() == (at_once.code == 0)
    until(lambda: net.http.get(f"/v1/receipts/{leaf}").status_code == 200, "anchored")


def test_token_of_the_network_is_taken_by_itself(net: Net, valid: Kept, tmp_path: Path) -> None:
    env = {"CREDIT_LEDGER_DIR": str(net.folder)}
    for name, options in (("full", ()), ("bare", ("--bare",))):
        out = tmp_path / f"{name}.json"
        source = ("--from", net.urls[TIANJIN], "-o", out)
        assert run("receipt", valid.leaf, *source, *options, env=env).code == 0
        assert ("presentation" in json.loads(out.read_bytes())) == (name == "full")


def test_exit_codes_of_the_command(net: Net, tmp_path: Path) -> None:
    out = tmp_path / "none.json"
    assert net.receipt("0" * 64, out).code == 1
    source = ("--from", "http://127.0.0.1:9", "-o", out)
    assert run("receipt", "0" * 64, *source).code == 4
    assert not out.exists()


def test_what_is_known_of_a_record(net: Net, valid: Kept) -> None:
    url = f"/v1/records/{valid.leaf}"
    found = net.http.get(url, headers=net.auth()).json()
    assert found["leaf"] == valid.leaf
    assert found["recordId"] == valid.answer["recordId"]
    assert found["fields"] == valid.record["fields"]
    assert net.http.get(url).status_code == 401
    assert net.http.get(f"/v1/records/{'0' * 64}", headers=net.auth()).status_code == 404
    other = net.http.get(f"{net.urls['110000']}{url}", headers=net.auth("110000"))
    assert other.status_code == 404


def test_unknown_field_is_wrong_usage(net: Net, valid: Kept, tmp_path: Path) -> None:
    options = ("--fields", "CF_XX", "--token", net.token())
    assert net.receipt(valid.leaf, tmp_path / "out.json", *options).code == 2
    assert not (tmp_path / "out.json").exists()
