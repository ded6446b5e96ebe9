"""One network for all tests of this folder; it is stopped whatever happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.outside import Net, days_ago, penalty, run


@pytest.fixture(scope="package")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    """A network on free ports, started by the command."""
    folder = tmp_path_factory.mktemp("acceptance") / "net"
    try:
        up = run("network", "up", "--dir", folder, "--base-port", 0)
        assert up.code == 0, up.err
        status = run("network", "status", "--dir", folder, "--json").json()
        urls = {member["code"]: member["endpoint"] for member in status["members"]}
        running = Net(folder, Path(up.out.strip()), urls, status["chain"]["url"])
        yield running
        running.http.close()
    finally:
        assert run("network", "down", "--dir", folder).code == 0


@dataclass(frozen=True)
class Kept:
    """A record that was accepted, and its receipt."""

    record: dict[str, Any]
    answer: dict[str, Any]
    file: Path
    bare: Path

    @property
    def leaf(self) -> str:
        return str(self.answer["leaf"])

    @property
    def subject(self) -> str:
        return str(self.record["fields"]["CF_XDR_SHXYM"])


def keep(net: Net, folder: Path, record: dict[str, Any]) -> Kept:
    """Send a record, wait for its receipts."""
    answer = net.post(record)
    assert answer.status_code == 201, answer.text
    leaf = answer.json()["leaf"]
    kept = Kept(record, answer.json(), folder / f"{leaf}.json", folder / f"{leaf}.bare.json")
    shown = net.receipt(leaf, kept.file, "--token", net.token())
    assert shown.code == 0, shown.err
    bare = net.receipt(leaf, kept.bare)
    assert bare.code == 0, bare.err
    return kept


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("receipts")


@pytest.fixture(scope="package")
def valid(net: Net, folder: Path) -> Kept:
    """In force: decided today, published for months."""
    return keep(net, folder, penalty())


@pytest.fixture(scope="package")
def expired(net: Net, folder: Path) -> Kept:
    """Decided long ago, publicity over."""
    long_ago = {"CF_JDRQ": days_ago(400), "CF_YXQ": days_ago(40), "CF_GSJZQ": days_ago(40)}
    return keep(net, folder, penalty(**long_ago))
