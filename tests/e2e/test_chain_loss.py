"""The chain is wiped and the same contracts are put at the same addresses: the gateway anchors
again, and nothing that was lost is called valid."""

import shutil
from pathlib import Path

from ledger.chain.nodes.rpc import Rpc
from ledger.core.receipt import parse
from tests.e2e.member import Member, verdict


def mine(url: str, blocks: int) -> None:
    """Some empty blocks."""
    rpc = Rpc(url)
    rpc.call("anvil_mine", [hex(blocks)])
    rpc.close()


def test_wiped_chain(member: Member, tmp_path: Path) -> None:
    leaves = [member.submit(member.record(number))["leaf"] for number in range(3)]
    old_receipt = member.receipt(leaves[-1], tmp_path / "old.json")
    old_file = tmp_path / "old-network.json"
    shutil.copy(member.file, old_file)
    out = tmp_path / "verdict.json"
    assert verdict(old_receipt, old_file, out)[0] == 0

    member.network.chain.stop()
    shutil.rmtree(member.folder / "chain")
    new_file = member.up()

    assert new_file.read_bytes() != old_file.read_bytes(), "another deployment block"
    for number, leaf in enumerate(leaves):
        new_receipt = member.receipt(leaf, tmp_path / f"new-{number}.json")
        status, found = verdict(new_receipt, new_file, out)
        assert (status, found["verdict"]) == (0, "valid")
        status, found = verdict(new_receipt, old_file, out)
        assert (status, found["verdict"]) == (4, "undetermined")
        assert "other-chain" in {check["code"] for check in found["checks"]}
    old, new = parse(old_receipt.read_bytes()), parse((tmp_path / "new-2.json").read_bytes())
    assert old.network == new.network, "the contracts are at the same addresses"
    assert old.anchor != new.anchor
    status, found = verdict(old_receipt, new_file, out)
    assert status == 4, "the new chain may not have reached the old block yet"
    mine(member.network.ports.rpc, old.anchor.block)
    status, found = verdict(old_receipt, new_file, out)
    assert (status, found["verdict"]) == (4, "anchor-moved")
    status, found = verdict(old_receipt, old_file, out)
    assert (status, found["verdict"]) == (4, "undetermined")
    assert sum(member.logged().values()) == len(leaves)
