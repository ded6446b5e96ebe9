"""`consortium plan | keys | found` on a chain of another number."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contracts.bindings import CATALOGUE, LOG_ANCHOR, Consortium
from ledger.chain.founding.national import national_items
from ledger.chain.governing.govern import latest_call
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.chain.network import NetworkFile
from ledger.cli import founding, member_folder
from ledger.core.keys import Purpose
from tests.cli.conftest import Cli
from tests.support.anvil import Anvil, start_anvil
from tests.support.proxy import lie, start_proxy

CHAIN = 4242
NO_FEES = ("--block-base-fee-per-gas", "0", "--disable-min-priority-fee")


@pytest.fixture(scope="module")
def empty() -> Iterator[Anvil]:
    with start_anvil(chain_id=CHAIN, args=NO_FEES) as anvil:
        yield anvil


@pytest.fixture
def anvil(empty: Anvil) -> Iterator[Anvil]:
    snapshot = empty.snapshot()
    yield empty
    empty.revert(snapshot)


class Founders:
    """Each with a folder of its own."""

    def __init__(self, cli: Cli, anvil: Anvil, folder: Path) -> None:
        self.cli = cli
        self.anvil = anvil
        self.folder = folder
        self.password = folder / "password"
        self.password.write_text("word\n")
        create("payer", folder / "deployer.json", b"word", work=WORK_LIGHT)

    def run(self, *words: Any, exit: int = 0) -> Any:
        done = self.cli(*words)
        assert done.exit == exit, done.err
        return done

    def keys(self, *codes: str) -> None:
        for code in codes:
            self.run(
                *("consortium", "keys", code, "-o", self.folder / code),
                *("--password-file", self.password),
            )

    def found(
        self,
        *codes: str,
        exit: int = 0,
        more: tuple[Any, ...] = (),
        rpc: tuple[str, ...] | None = None,
    ) -> Any:
        urls = [word for url in rpc or (self.anvil.url,) for word in ("--rpc", url)]
        members = [word for code in codes for word in ("--member", self.folder / code)]
        return self.run(
            *("consortium", "found", self.folder / "plan.toml"),
            *("--deployer", self.folder / "deployer.json", *members),
            *(*urls, "-o", self.folder / "network.json"),
            *("--password-file", self.password, "--json", *more),
            exit=exit,
        )

    @property
    def network(self) -> NetworkFile:
        return NetworkFile.load(self.folder / "network.json")

    @property
    def chain(self) -> Consortium:
        return Consortium(self.network.consortium, latest_call(self.anvil.rpc))


@pytest.fixture
def founders(cli: Cli, anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Founders:
    def light(*args: Any, **more: Any) -> Any:
        return create(*args, **more, work=WORK_LIGHT)

    monkeypatch.setattr(member_folder, "create", light)
    return Founders(cli, anvil, tmp_path)


FIVE = ("110000", "120000", "130000", "140000", "a-bank")


def plan(founders: Founders) -> Path:
    path = founders.folder / "plan.toml"
    members = [f"{code}:{code}:PROVINCE" for code in FIVE[:4]] + ["a-bank::INSTITUTION"]
    words = [word for member in members for word in ("--members", member)]
    founders.run("consortium", "plan", *words, "-o", path)
    return path


def test_all_keys_in_one_place(founders: Founders) -> None:
    plan(founders)
    founders.keys(*FIVE)
    told = founders.found(*FIVE).json()
    assert told["complete"] is True and told["toSign"] == []
    network, chain = founders.network, founders.chain
    assert network.chain_id == CHAIN
    assert network.quorum == 1 and network.finality.rule == "latest"
    assert network.consortium == told["consortium"]
    assert chain.member_codes() == FIVE
    assert chain.threshold() == 3
    assert chain.current(LOG_ANCHOR) == told["logAnchor"]
    assert chain.current(CATALOGUE) == told["catalogue"]
    for code in FIVE:
        assert {Purpose(key.purpose).name for key in chain.keys(code)} == {
            *("GOVERN", "ANCHOR", "NOTE", "PRESENT", "CASE", "REQUEST"),
            *(() if code == "a-bank" else ("WITNESS", "DECIDE")),
        }
        assert len(chain.log_ids(code)) == 1
    before = (founders.folder / "network.json").read_bytes()
    founders.found(*FIVE)
    assert (founders.folder / "network.json").read_bytes() == before, "again changes nothing"


def test_a_first_node_that_lies_pins_nothing(
    founders: Founders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that names another hash of the deployment block, beside two that are honest."""
    monkeypatch.setattr(founding, "CONFIRM_SECONDS", 0.0)
    plan(founders)
    founders.keys(*FIVE)
    founders.found(*FIVE)
    file, pinned = founders.folder / "network.json", founders.network
    file.unlink()

    def another_hash(params: Any, result: Any) -> Any:
        wanted = params[0] == hex(pinned.deploy_block)
        return result | {"hash": "0x" + "66" * 32} if wanted else result

    with ExitStack() as stack:
        liar, honest = (stack.enter_context(start_proxy(founders.anvil.url)) for _ in range(2))
        liar.on("eth_getBlockByNumber", lie(another_hash))
        founders.found(*FIVE, rpc=(liar.url, honest.url, founders.anvil.url), exit=4)
        assert not file.exists()
        founders.found(*FIVE, rpc=(honest.url, liar.url, founders.anvil.url))
        assert founders.network.deploy_block_hash == pinned.deploy_block_hash


def test_another_founding_is_refused(founders: Founders) -> None:
    """Run again with another plan, or with other keys of a member."""
    path = plan(founders)
    founders.keys(*FIVE)
    founders.found(*FIVE)
    text = path.read_text()
    path.write_text(text.replace("threshold = 3", "threshold = 4"))
    assert "threshold" in founders.found(*FIVE, exit=1).err
    path.write_text(text)
    again = founders.found(*FIVE, exit=1, more=("--govern-only",))
    assert "other keys" in again.err
    (founders.folder / "a-bank" / "keys" / "anchor.json").unlink()
    founders.keys("a-bank")
    assert "a-bank: was founded with other keys" in founders.found(*FIVE, exit=1).err


@pytest.mark.parametrize("here", [0, 1])
def test_keys_that_stay_with_their_members(founders: Founders, here: int) -> None:
    """The GOVERN keys of all but `here` provinces are on machines of their own."""
    plan(founders)
    founders.keys(*FIVE)
    away = founders.folder / "away"
    away.mkdir()
    for code in FIVE[here:4]:
        (founders.folder / code / "keys" / "govern.json").rename(away / f"{code}.json")
    rounds = 0
    while True:
        done = founders.cli(
            *("consortium", "found", founders.folder / "plan.toml"),
            *("--deployer", founders.folder / "deployer.json"),
            *(word for code in FIVE for word in ("--member", founders.folder / code)),
            *("--rpc", founders.anvil.url, "-o", founders.folder / "network.json"),
            *("--password-file", founders.password, "--json"),
        )
        told = done.json()
        assert told["complete"] is (done.exit == 0), done.err
        if told["complete"]:
            break
        assert "Not complete yet" in done.err
        rounds += 1
        assert rounds <= 2
        for path in map(Path, told["toSign"]):
            code = path.name[:6]
            founders.run(
                *("govern", "sign", path, "--key", away / f"{code}.json", "--yes"),
                *("--password-file", founders.password),
            )
            founders.cli(
                *("govern", "send", path, "--network", founders.folder / "network.json"),
                *("--payer", founders.folder / "110000" / "keys" / "payer.json"),
                *("--password-file", founders.password),
            )
    assert rounds == 2 - here
    assert founders.chain.current(CATALOGUE) is not None
    items = national_items()
    done = founders.run(
        "govern", "list", "--all", "--network", founders.folder / "network.json", "--json"
    )
    assert len(done.json()["proposals"]) == 6
    assert items


def test_what_is_wrong_is_said_before_anything_is_paid(founders: Founders) -> None:
    path = plan(founders)
    again = founders.run("consortium", "plan", "-o", path, exit=1)
    assert "there already" in again.err
    founders.keys(*FIVE[:4])
    assert "a-bank" in founders.found(*FIVE[:4], exit=1).err
    founders.keys("a-bank")
    text = path.read_text()
    path.write_text(text.replace("threshold = 3", "threshold = 2"))
    assert "threshold" in founders.found(*FIVE, exit=1).err
    path.write_text(text.replace("# quorum = 3", "quorum = 2"))
    assert "quorum" in founders.found(*FIVE, exit=1).err
    path.write_text(text.replace('"PROVINCE"', '"AUDITOR"', 1))
    assert founders.found(*FIVE, exit=1).err
    path.write_text(text + "surprise = 1\n")
    assert founders.found(*FIVE, exit=1).err
    assert int(founders.anvil.call("eth_blockNumber"), 16) == 0


def test_a_password_file_that_others_read(founders: Founders) -> None:
    """Is told, once and with the remedy, and used all the same."""
    words = ("consortium", "keys", "110000", "-o", founders.folder / "110000")
    for mode, warnings in ((0o644, 1), (0o600, 0)):
        file = founders.folder / f"password-{mode:o}"
        file.write_text("word\n")
        file.chmod(mode)
        done = founders.run(*words, "--password-file", file, "--json")
        assert done.json()["code"] == "110000"
        assert done.err.count(f"chmod 600 {file}") == warnings


def test_keys_that_have_another_password(founders: Founders) -> None:
    """Nothing is made beside them: a node opens all of its keys with one."""
    founders.keys("110000")
    folder = founders.folder / "110000"
    (folder / "keys" / "note.json").unlink()
    file = founders.folder / "other"
    file.write_text("other\n")
    file.chmod(0o600)
    words = ("consortium", "keys", "110000", "-o", folder, "--password-file", file)
    assert "--password-file" in founders.run(*words, exit=1).err
    assert not (folder / "keys" / "note.json").exists()


def test_keys_of_a_member(founders: Founders) -> None:
    founders.keys("110000")
    folder = founders.folder / "110000"
    made = {path.name: path.read_bytes() for path in (folder / "keys").iterdir()}
    assert set(made) == {
        *("govern.json", "anchor.json", "note.json", "present.json", "case.json", "request.json"),
        *("witness.json", "decide.json"),
        *("payer.json", "content.json", "index.json"),
    }
    assert stat.S_IMODE(os.stat(folder / "keys").st_mode) == 0o700
    assert b"keystore" not in (folder / "110000.json").read_bytes()
    founders.keys("110000")
    assert made == {path.name: path.read_bytes() for path in (folder / "keys").iterdir()}
    founders.run("consortium", "keys", "/", "-o", folder, exit=2)
    founders.run("consortium", "keys", "b", "-o", folder, "--roles", "KING", exit=2)


@pytest.mark.parametrize("text", ["110000", "a:b:KING", "::PROVINCE", "a:b:c:d", "a:b:"])
def test_members_of_a_plan(cli: Cli, tmp_path: Path, text: str) -> None:
    done = cli("consortium", "plan", "--members", text, "-o", tmp_path / "plan.toml")
    assert done.exit == 2, done.err


def test_a_deployer_without_funds(cli: Cli, tmp_path: Path) -> None:
    with start_anvil(chain_id=CHAIN) as anvil:
        founders = Founders(cli, anvil, tmp_path)
        codes = ("110000", "120000", "130000", "140000")
        founders.run("consortium", "plan", "-o", tmp_path / "plan.toml")
        founders.keys(*codes)
        done = founders.found(*codes, exit=1)
        account = KeyFile.load(tmp_path / "deployer.json").address
        assert f"fund {account}" in done.err and "It has 0 wei" in done.err
        assert "nothing was deployed" in done.err
