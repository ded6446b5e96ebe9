"""Products on a real chain, and what readers are told of them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from ledger.chain.contracts import contract_abi
from ledger.chain.contracts.events import (
    ChainEvent,
    ProductRegistered,
    ProductRetired,
    VersionPublished,
    decode_events,
)
from ledger.chain.contracts.structs import MODEL
from ledger.chain.errors import TxRefused
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.event_logs import LogQuery, read_logs
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.products import (
    Found,
    Publication,
    publish_digest,
    read_product,
    register_digest,
    retire_digest,
)
from ledger.core.ids import Address, Digest, ProductId, sha256
from ledger.core.keys import Purpose
from tests.core.material import example
from tests.support.chain import TestNetwork
from tests.support.products import METHOD, Maker, publication
from tests.support.votes import compromise, create, register

PROVINCE, OTHER = "110000", "120000"
SCORES, MAP = ProductId(sha256(b"scores of farms")), ProductId(sha256(b"a map of firms"))


@contextmanager
def head(network: TestNetwork) -> Iterator[View]:
    """What is read at the head."""
    now = network.anvil.head_time
    with closing(QuorumReader(network.file, now=now, max_ahead=None)) as reader:
        yield reader.head()


def found(network: TestNetwork, product_id: ProductId, *, member: str = PROVINCE) -> Found | None:
    with head(network) as view:
        return read_product(view, network.deployment.consortium, member, product_id)


def there(network: TestNetwork, product_id: ProductId, **page: int) -> Found:
    with head(network) as view:
        read = read_product(view, network.deployment.consortium, PROVINCE, product_id, **page)
    assert read is not None
    return read


@contextmanager
def refused(name: str) -> Iterator[None]:
    with pytest.raises(TxRefused) as caught:
        yield
    payload = caught.value.payload
    known = [contract_abi.load(one).refusal(payload) for one in ("Products", "Consortium")]
    assert name in [each[0] for each in known if each]


@pytest.mark.parametrize("name", ["case", "query", "outcome"])
def test_worked_examples_are_signed_the_same_way(name: str) -> None:
    given, expected = example(f"part-2/{name}")
    chain, contract = given["chainId"], Address(given["products"])

    def read(said: dict[str, Any]) -> dict[str, Any]:
        return {key: bytes.fromhex(said[key]) for key in said if key in HEX}

    said = given["register"]
    digest = register_digest(
        chain,
        contract,
        member=said["member"],
        product_id=read(said)["productId"],
        kind=said["kind"],
        method=read(said)["method"],
        deadline=said["deadline"],
    )
    assert digest.hex() == expected["registerDigest"]
    said = given["publish"]
    made = Publication(
        member=said["member"],
        product_id=ProductId(read(said)["productId"]),
        version=said["version"],
        content=Digest(read(said)["content"]),
        method=Digest(read(said)["method"]),
        inputs_root=Digest(read(said)["inputsRoot"]),
        inputs=said["inputs"],
    )
    digest = publish_digest(chain, contract, made, said["deadline"])
    assert digest.hex() == expected["publishDigest"]
    said = given["retire"]
    digest = retire_digest(
        chain,
        contract,
        member=said["member"],
        product_id=read(said)["productId"],
        deadline=said["deadline"],
    )
    assert digest.hex() == expected["retireDigest"]


HEX = ("productId", "method", "content", "inputsRoot")


def test_is_there_from_its_block_on_and_no_other_is(network: TestNetwork) -> None:
    assert found(network, SCORES) is None
    maker = Maker(network, PROVINCE)
    maker.register(SCORES, kind=MODEL)
    registered = network.anvil.head_time()
    read = there(network, SCORES)
    key_id = network.keys[PROVINCE, Purpose.PRODUCT].key_id
    assert (read.product.kind, read.product.versions, read.versions) == (MODEL, 0, ())
    assert (read.product.method, read.product.registered_by) == (METHOD, key_id)
    assert (read.product.registered_at, read.product.retired_at) == (registered, 0)
    assert read.product.retired_by is None
    assert found(network, MAP) is None
    assert found(network, SCORES, member=OTHER) is None


def test_versions_and_the_end(network: TestNetwork) -> None:
    maker = Maker(network, PROVINCE)
    maker.register(SCORES)
    for version in (1, 2):
        maker.publish(SCORES, version)
    read = there(network, SCORES)
    assert read.product.versions == 2
    made = publication(PROVINCE, SCORES, 2)
    [_, second] = read.versions
    assert (second.content, second.method) == (made.content, made.method)
    assert (second.inputs, second.inputs_root) == (made.inputs, made.inputs_root)
    assert second.published_at == network.anvil.head_time()
    assert read.version(2) == second
    assert read.version(0) is None
    assert read.version(3) is None
    maker.retire(SCORES)
    read = there(network, SCORES)
    assert read.product.retired_at == network.anvil.head_time()
    assert len(read.versions) == 2
    with refused("Products_IsRetired"):
        maker.publish(SCORES, 3)


def test_events_tell_it_all(network: TestNetwork) -> None:
    maker = Maker(network, PROVINCE)
    first = maker.register(SCORES, kind=MODEL).block
    maker.publish(SCORES, 1)
    last = maker.retire(SCORES).block
    place = network.deployment.products
    query = LogQuery(address=place, topics=(), first=first, last=last)
    entries = list(read_logs(Reader(network.anvil.rpc), query))
    events: list[ChainEvent] = list(decode_events("Products", entries))
    registered, published, retired = events
    key_id = network.keys[PROVINCE, Purpose.PRODUCT].key_id
    assert isinstance(registered, ProductRegistered)
    assert (registered.member, registered.product_id) == (PROVINCE, SCORES)
    assert (registered.kind, registered.method) == (MODEL, METHOD)
    assert isinstance(published, VersionPublished)
    made = publication(PROVINCE, SCORES, 1)
    assert (published.version, published.content, published.method) == (
        *(1, made.content, made.method),
    )
    assert (published.inputs_root, published.inputs) == (made.inputs_root, made.inputs)
    assert isinstance(retired, ProductRetired)
    assert {event.signed_by for event in (registered, published, retired)} == {key_id}


def test_only_a_product_key_of_the_member_writes(network: TestNetwork) -> None:
    with refused("Consortium_KeyNotValid"):
        Maker(network, PROVINCE, signed_by=OTHER).register(SCORES)
    with refused("Consortium_KeyNotValid"):
        Maker(network, PROVINCE, purpose=Purpose.ANCHOR).register(SCORES)
    with refused("Consortium_RoleMissing"):
        Maker(network, "demo-bank").register(SCORES)
    with refused("RoleContract_DeadlinePassed"):
        Maker(network, PROVINCE, life=-1).register(SCORES)
    assert found(network, SCORES) is None
    maker = Maker(network, PROVINCE)
    maker.register(SCORES)
    with refused("Products_AlreadyRegistered"):
        maker.register(SCORES, kind=MODEL)
    with refused("Products_VersionInvalid"):
        maker.publish(SCORES, 2)
    with refused("Products_VersionIncomplete"):
        maker.publish(SCORES, 1, inputs=0)
    with refused("Products_Unknown"):
        maker.retire(MAP)
    with refused("Products_ProductInvalid"):
        maker.register(MAP, kind=5)


def test_more_than_one_page_is_read(network: TestNetwork) -> None:
    maker = Maker(network, PROVINCE)
    maker.register(SCORES)
    for version in range(1, 131):
        maker.publish(SCORES, version)
    read = there(network, SCORES, count=1_000)
    assert [version.inputs for version in read.versions] == [100 + n for n in range(1, 131)]
    read = there(network, SCORES)
    assert (len(read.versions), read.product.versions) == (128, 130)
    read = there(network, SCORES, start=127, count=2)
    assert [version.inputs for version in read.versions] == [228, 229]
    assert read.version(129) == read.versions[1]
    assert read.version(127) is None
    assert there(network, SCORES, start=500).versions == ()


def test_goes_on_through_successors(network: TestNetwork) -> None:
    maker = Maker(network, PROVINCE)
    maker.register(SCORES)
    maker.publish(SCORES, 1)
    code = contract_abi.load("Products").bytecode
    successor = create(network, code, network.deployment.consortium)
    register(network, "Products", successor)
    before = there(network, SCORES)
    assert before.product.versions == 1
    with refused("RoleContract_NotCurrent"):
        maker.publish(SCORES, 2)
    later = Maker(network, PROVINCE, contract=successor)
    with refused("Products_AlreadyRegistered"):
        later.register(SCORES)
    later.publish(SCORES, 2)
    read = there(network, SCORES)
    assert read.versions[:1] == before.versions
    assert [version.inputs for version in read.versions] == [101, 102]


def test_what_a_stolen_key_signed_is_in_doubt(network: TestNetwork) -> None:
    maker = Maker(network, PROVINCE)
    maker.register(SCORES)
    maker.publish(SCORES, 1)
    stolen = network.anvil.head_time() + 10
    network.anvil.call("evm_increaseTime", 100)
    maker.publish(SCORES, 2)
    read = there(network, SCORES)
    assert not any(read.in_doubt(one.published_by, one.published_at) for one in read.versions)
    compromise(network, network.keys[PROVINCE, Purpose.PRODUCT].key_id, stolen)
    read = there(network, SCORES)
    assert [read.in_doubt(one.published_by, one.published_at) for one in read.versions] == [
        *(False, True),
    ]
    assert not read.in_doubt(read.product.registered_by, read.product.registered_at)
    assert not read.in_doubt(None, stolen)
