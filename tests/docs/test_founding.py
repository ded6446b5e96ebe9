"""The chapter on founding: four provinces found a network, with keys that cost what they cost."""

from ledger.chain.network import NetworkFile
from tests.support.guide import CHAIN, PROVINCES, Operator


def test_the_chapter_is_followed(newcomer: Operator) -> None:
    newcomer.follow_page("founding.md")
    network = NetworkFile.load(newcomer.folder / "network.json", development=True)
    assert network.chain_id == CHAIN
    code, told = newcomer.command("govern", "chair", "--network", "network.json")
    assert code == 0
    assert all(province in told for province in PROVINCES)
