"""The commands: the certificate, its check against the chain, what the operator sees and purges."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.node import Node
from gateway.operations.backup import backup
from gateway.serve import listen
from ledger.cli.main import run
from tests.gateway.erasures.desk import order_and_record, with_a_case
from tests.gateway.intake.material import OF_BEIJING, new_token
from tests.support.anvil import Anvil
from tests.support.member import Member
from tests.support.peers import serving

Said = Callable[[], str]


@pytest.fixture
def said(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Said:
    """What was printed since."""
    for name in ("TOKEN", "DIR", "LANG", "NOW"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)

    def since() -> str:
        return capsysbinary.readouterr().out.decode()

    return since


def test_the_certificate(
    node: Node, member: Member, anvil: Anvil, said: Said, tmp_path: Path
) -> None:
    leaf, out = with_a_case(node, anvil, 1), tmp_path / "certificate.jws"
    order_and_record(node, anvil, leaf)
    token = new_token(node, "read", name="reader", authorities=[OF_BEIJING])
    listener = listen("127.0.0.1", 0)
    with serving(node, listener):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        get = ["record", "certificate", leaf.hex(), "-o", str(out), "--to", url, "--token", token]
        assert run(get) == 1, "nothing is destroyed yet"
        assert not out.exists()
        assert node.erasures.step()
        assert run(get) == 0
        assert run([*get[:2], "0" * 64, *get[3:]]) == 1
    listener.close()
    network = tmp_path / "network.json"
    network.write_bytes(member.network.encode())
    check = ["audit", "erasure", str(out), "--network", str(network)]
    said()
    assert run(check) == 0
    assert "110000" in said()
    assert run([*check, "--json"]) == 0
    found = json.loads(said())
    assert (found["code"], found["erasure"]["rows"]) == (None, 1)
    out.write_bytes(out.read_bytes()[:-4])
    assert run([*check, "--json"]) == 1
    assert json.loads(said()) == {"code": "malformed", "erasure": None}


def test_the_operators(node: Node, anvil: Anvil, said: Said, tmp_path: Path) -> None:
    leaf, taken = with_a_case(node, anvil, 1), tmp_path / "backup"
    backup(node.ctx.engine, taken, member="110000", clock=node.ctx.clock)
    config = tmp_path / "gateway.toml"
    url = node.ctx.engine.url.render_as_string(hide_password=False)
    config.write_text(
        f'env = "development"\nnetwork = "network.json"\ndatabase_url = "{url}"\n'
        '[node]\ncode = "110000"\n'
    )
    of_node = ["--json", "--config", str(config)]
    listed, purge = ["gateway", "erasures", "list"], ["gateway", "erasures", "purge", str(taken)]
    said()
    found: list[dict[str, Any]] = []
    for done in (False, True):
        if done:
            order_and_record(node, anvil, leaf)
            assert node.erasures.step()
        assert run([*listed, *of_node]) == 0
        found = json.loads(said())["erasures"]
        assert [one["contentKeys"] for one in found] == [[node.vault.newest.id.hex()]] * done
        for keys in (2 * done, 0):
            assert run([*purge, *of_node]) == 0
            assert json.loads(said())["destroyed"] == {str(taken): keys}
    assert run([*listed, *of_node[1:]]) == 0
    assert found[0]["record"] in said()
    assert run(["gateway", "erasures", "purge", str(tmp_path / "none"), *of_node]) == 1
