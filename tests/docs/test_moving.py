"""The chapter on moving: roles to new contracts, then the network to another consortium."""

from ledger.chain.network import NetworkFile
from tests.docs.test_restoring import write_records
from tests.support.guide import Operator


def network(operator: Operator, name: str = "network.json") -> NetworkFile:
    return NetworkFile.load(operator.folder / name, development=True)


def test_the_chapter_is_followed(operator: Operator) -> None:
    for step in ("init", "serve"):
        operator.follow_page("running.md", step=step)
    write_records(operator.folder / "november.ndjson", "110000", 0)
    write_records(operator.folder / "december.ndjson", "110000", 100)
    before = network(operator)
    operator.follow_page("moving.md")
    assert network(operator, "former-network.json").reference == before.reference
    assert network(operator).formerly == (before.reference,)
    for folder in ("before", "since", "after"):
        assert len([*(operator.folder / folder).glob("*.json")]) == 5
