"""A product from its registration to its end, on a real chain."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ledger.core.ids import sha256
from ledger.core.manifest import check_input, check_manifest, parse_input, parse_manifest
from tests.gateway.products.workshop import (
    BANK,
    BEIJING,
    BUREAU,
    CONTENT,
    METHOD,
    TIANJIN,
    ask,
    on_chain,
    published,
    registered,
    send_all,
    shown,
    some_records,
    token,
)
from tests.records import examples
from tests.support.peers import Network, row


def test_is_registered_published_and_retired(network: Network) -> None:
    bureau = network[BUREAU]
    product = registered(bureau, kind="model", title="农户信用评分")
    first = shown(bureau, product)
    assert (first["kind"], first["title"], first["registeredAt"]) == ("model", "农户信用评分", None)
    assert [(act["action"], act["state"]) for act in first["acts"]] == [("register", "waiting")]
    made = published(bureau, product, some_records(5))
    assert (made["version"], made["inputs"], made["new"]) == (1, 5, True)
    other = sha256(b"another method").hex()
    assert published(bureau, product, some_records(6), method=other)["version"] == 2
    send_all(bureau)
    told = shown(bureau, product)
    assert told["registeredAt"] is not None
    assert told["published"] == 2
    assert [one["method"] for one in told["versions"]] == [METHOD, other]
    assert [one["inputs"] for one in told["versions"]] == [5, 6]
    assert {one["content"] for one in told["versions"]} == {CONTENT}
    assert [one["manifest"] for one in told["versions"]] == [True, True]
    assert {act["state"] for act in told["acts"]} == {"recorded"}
    assert ask(bureau, "POST", f"/v1/products/{product}/retire").status_code == 202
    assert ask(bureau, "POST", f"/v1/products/{product}/retire").status_code == 202
    send_all(bureau)
    told = shown(bureau, product)
    assert told["retiredAt"] is not None
    assert [act["action"] for act in told["acts"]] == ["register", "publish", "publish", "retire"]
    again = ask(bureau, "POST", f"/v1/products/{product}/versions", _version(some_records(7)))
    assert (again.status_code, again.json()["code"]) == (409, "product-retired")


def _version(records: list[str]) -> dict[str, object]:
    return {"content": CONTENT, "records": records}


def test_what_the_chain_has_is_what_the_manifest_says(network: Network) -> None:
    bureau = network[BUREAU]
    records = some_records(9)
    product = on_chain(bureau, records)
    path = f"/v1/products/{product}/versions/1"
    data = ask(bureau, "GET", f"{path}/manifest").content
    manifest = parse_manifest(data)
    found = network.chain.products.versions(BUREAU, bytes.fromhex(product), 0, 10)
    [version] = found
    published_: dict[str, Any] = {
        "product": bytes.fromhex(product),
        "version": 1,
        "inputs": version.inputs,
        "inputs_root": version.inputs_root,
    }
    check_manifest(manifest, **published_)
    assert [one.hex() for one in manifest.record_ids] == sorted(records)
    shown_ = ask(bureau, "GET", f"{path}/inputs/{records[3]}").content
    check_input(parse_input(shown_), **published_)
    absent = ask(bureau, "GET", f"{path}/inputs/{os.urandom(32).hex()}")
    assert (absent.status_code, absent.json()["code"]) == (404, "not-an-input")


def test_the_same_asked_for_again_is_that_one(network: Network) -> None:
    bureau = network[BUREAU]
    id_ = os.urandom(32).hex()
    assert registered(bureau, product=id_) == registered(bureau, product=id_) == id_
    records = some_records(4)
    first = published(bureau, id_, records)
    again = published(bureau, id_, records[::-1])
    assert (again["version"], again["inputsRoot"], again["new"]) == (
        *(1, first["inputsRoot"], False),
    )
    send_all(bureau)
    assert published(bureau, id_, records)["new"] is False
    assert published(bureau, id_, records[:3])["version"] == 2
    send_all(bureau)
    assert [act["action"] for act in shown(bureau, id_)["acts"]] == [
        "register",
        "publish",
        "publish",
    ]
    other = ask(bureau, "POST", "/v1/products", {"kind": "model", "method": METHOD, "product": id_})
    assert (other.status_code, other.json()["code"]) == (409, "product-taken")


def test_another_salt_for_every_version(network: Network) -> None:
    bureau = network[BUREAU]
    product = on_chain(bureau, some_records(4))
    published(bureau, product, some_records(4), content=sha256(b"other content").hex())
    send_all(bureau)
    manifests = [
        parse_manifest(ask(bureau, "GET", f"/v1/products/{product}/versions/{n}/manifest").content)
        for n in (1, 2)
    ]
    assert manifests[0].record_ids == manifests[1].record_ids
    assert manifests[0].inputs_root != manifests[1].inputs_root


def test_a_record_of_ours_is_named_by_its_leaf_too(network: Network) -> None:
    beijing = network[BEIJING]
    [one, other] = beijing.file(row(71), row(72))
    product = on_chain(beijing, [beijing.leaf(one).hex(), one.hex(), other.hex()])
    path = f"/v1/products/{product}/versions/1"
    manifest = parse_manifest(ask(beijing, "GET", f"{path}/manifest").content)
    assert manifest.record_ids == tuple(sorted([one, other]))
    shown_ = ask(beijing, "GET", f"{path}/inputs/{beijing.leaf(other).hex()}")
    assert parse_input(shown_.content).record_id == other


def test_the_leaf_of_a_record_of_others_is_refused_with_its_id(network: Network) -> None:
    """Where the node knows it by an answer, in which receipts are named so: in a version, and where
    a record is looked for or followed."""
    bureau, tianjin = network[BUREAU], network[TIANJIN]
    code = examples.code("91110000", "MA0T0930")
    (record,) = tianjin.file(row(73, CF_XDR_SHXYM=code))
    leaf = tianjin.leaf(record).hex()
    product = on_chain(bureau, some_records(2))
    path = f"/v1/products/{product}/versions"

    def publish(*records: str) -> Any:
        content = sha256(b"of leaves").hex()
        return ask(bureau, "POST", path, {"content": content, "records": list(records)})

    asked = {"code": code, "purpose": "pre-loan", "types": ["penalty"]}
    follower = token(bureau, "read")
    assert ask(bureau, "POST", "/v1/uses", asked, headers=follower).status_code == 200
    told = publish(record.hex(), leaf)
    assert (told.status_code, told.json()["field"]) == (422, "records[1]")
    assert (told.json()["rule"], record.hex() in told.text) == ("leaf-not-id", True)
    hook = {"url": "https://hooks.example/", "records": [record.hex(), leaf]}
    refused = {
        "record": ask(bureau, "POST", "/v1/watched-records", {"record": leaf}, headers=follower),
        "records[1]": ask(bureau, "POST", "/v1/webhooks", hook, headers=follower),
        None: ask(bureau, "GET", f"/v1/lineage/{leaf}"),
    }
    for field, answer in refused.items():
        assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text
        assert answer.json()["rule"] == "leaf-not-id"
    assert publish(record.hex()).status_code == 202
    body = {"record": record.hex()}
    followed = ask(bureau, "POST", "/v1/watched-records", body, headers=follower)
    assert followed.status_code == 201
    assert ask(bureau, "GET", f"/v1/lineage/{record.hex()}").status_code == 200


def test_a_bank_makes_none(network: Network) -> None:
    bank = network[BANK]
    told = ask(bank, "POST", "/v1/products", {"kind": "dataset", "method": METHOD})
    assert (told.status_code, told.json()["code"]) == (409, "product-key-missing")


def test_nobody_publishes_what_is_not_there(network: Network) -> None:
    bureau = network[BUREAU]
    path = f"/v1/products/{os.urandom(32).hex()}"
    for told in (
        ask(bureau, "POST", f"{path}/versions", _version(some_records(1))),
        ask(bureau, "POST", f"{path}/retire"),
        ask(bureau, "GET", path),
        ask(bureau, "GET", f"{path}/status"),
    ):
        assert (told.status_code, told.json()["code"]) == (404, "not-found")
        assert all("product list" in text for text in told.json()["text"].values())


def test_a_product_of_another_member_is_looked_for_here(network: Network) -> None:
    """Who does not say whose it is is told by whom it is where the node has its manifest."""
    bureau, bank = network[BUREAU], network[BANK]
    product = on_chain(bureau, some_records(2))
    path = f"/v1/products/{product}"
    before = ask(bank, "GET", f"{path}/status")
    assert all("product list" in text for text in before.json()["text"].values())
    manifest = ask(bureau, "GET", f"{path}/versions/1/manifest").content
    assert ask(bank, "POST", f"/v1/product-manifests?member={BUREAU}", manifest).status_code == 200
    for way in (f"{path}/status", path):
        told = ask(bank, "GET", way)
        assert (told.status_code, told.json()["code"]) == (404, "not-found")
        assert all(f"--member {BUREAU}" in text for text in told.json()["text"].values())
        assert ask(bank, "GET", f"{way}?member={BUREAU}").status_code == 200


def test_a_department_sees_its_own(network: Network) -> None:
    bureau = network[BUREAU]
    mine = token(bureau, department="数据部")
    others = token(bureau, department="模型部")
    centre = token(bureau, department=None)
    product = registered(bureau, headers=mine)
    published(bureau, product, some_records(3), headers=mine)
    path = f"/v1/products/{product}/versions"
    for headers, expected in ((mine, 202), (centre, 202), (others, 404)):
        told = ask(bureau, "POST", path, _version(some_records(3)), headers=headers)
        assert told.status_code == expected, told.text
    send_all(bureau)
    listed = [
        {one["product"] for one in _all(network, headers)} for headers in (mine, centre, others)
    ]
    assert [product in found for found in listed] == [True, True, False]
    # What the chain has everybody may see; what went in, and who asked for it, not.
    told = shown(bureau, product, headers=others)
    assert (told["published"], told["acts"]) == (1, [])
    assert told["versions"][0]["manifest"] is False
    assert ask(bureau, "GET", f"{path}/1/manifest", headers=others).status_code == 404
    assert ask(bureau, "GET", f"{path}/1/manifest", headers=mine).status_code == 200


def _all(network: Network, headers: dict[str, str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    after: int | None = 0
    while after is not None:
        page = ask(network[BUREAU], "GET", f"/v1/products?after={after}", headers=headers).json()
        found += page["items"]
        after = page["next"]
    return found


@pytest.mark.parametrize("scope", ["read", "submit", "decide"])
def test_it_takes_the_scope(network: Network, scope: str) -> None:
    bureau = network[BUREAU]
    other = token(bureau, scope)
    product = registered(bureau)
    for method, path in (
        ("POST", "/v1/products"),
        ("GET", "/v1/products"),
        ("GET", f"/v1/products/{product}"),
        ("POST", f"/v1/products/{product}/versions"),
        ("POST", f"/v1/products/{product}/retire"),
        ("GET", f"/v1/products/{product}/status"),
        ("GET", f"/v1/products/{product}/versions/1/manifest"),
        ("GET", f"/v1/products/{product}/versions/1/inputs"),
        ("GET", f"/v1/products/{product}/versions/1/inputs/{product}"),
        ("POST", f"/v1/products/{product}/versions/1/users"),
        ("POST", "/v1/product-manifests?member=110000"),
        ("GET", f"/v1/lineage/{product}"),
    ):
        body: dict[str, str] | None = {} if method == "POST" else None
        told = ask(bureau, method, path, body, headers=other)
        assert (told.status_code, told.json()["code"]) == (403, "scope-missing"), path
        assert ask(bureau, method, path, body, headers={"authorization": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"kind": "song", "method": METHOD}, "kind"),
        ({"kind": "dataset", "method": "00"}, "method"),
        ({"kind": "dataset", "method": METHOD, "product": METHOD.upper()}, "product"),
        ({"kind": "dataset", "method": METHOD, "title": "x" * 201}, "title"),
        ({"kind": "dataset"}, None),
        ({"kind": "dataset", "method": METHOD, "more": 1}, None),
        ([], None),
    ],
)
def test_what_is_no_product(network: Network, value: object, field: str | None) -> None:
    told = ask(network[BUREAU], "POST", "/v1/products", value)
    assert (told.status_code, told.json()["code"]) == (422, "schema-invalid")
    assert told.json()["field"] == field


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"content": CONTENT, "records": []}, "records"),
        ({"content": CONTENT, "records": "x"}, "records"),
        ({"content": CONTENT, "records": [METHOD, METHOD]}, "records[1]"),
        ({"content": CONTENT, "records": [METHOD, "zz"]}, "records[1]"),
        ({"content": CONTENT, "records": [METHOD, 7]}, "records[1]"),
        ({"content": "", "records": [METHOD]}, "content"),
        ({"content": CONTENT, "records": [METHOD], "method": None}, "method"),
        ({"records": [METHOD]}, None),
    ],
)
def test_what_is_no_version(network: Network, value: object, field: str | None) -> None:
    product = registered(network[BUREAU])
    told = ask(network[BUREAU], "POST", f"/v1/products/{product}/versions", value)
    assert (told.status_code, told.json()["code"]) == (422, "schema-invalid")
    assert told.json()["field"] == field


def test_a_body_that_lists_no_records_is_small(network: Network) -> None:
    bureau = network[BUREAU]
    large = b'{"kind":"' + b"x" * (1 << 17) + b'"}'
    assert ask(bureau, "POST", "/v1/products", large).status_code == 413
    product = registered(bureau)
    path = f"/v1/products/{product}/versions"
    many = some_records(2_000)  # 134 kB
    assert published(bureau, product, many)["inputs"] == 2_000
    huge = b" " * ((16 << 20) + 1)
    assert ask(bureau, "POST", path, huge).status_code == 413
