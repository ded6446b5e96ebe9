"""A year in the life of a consortium, with shipped commands alone: a key is rotated under load, one
is stolen, all of a province are lost and recovered, a bank comes and goes, the threshold moves."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.devnet import plain, services
from gateway.devnet.layout import NODES
from ledger.chain.contracts.bindings import LOG_ANCHOR, Consortium
from ledger.chain.governing.govern import latest_call
from ledger.chain.keys.keyfile import read_fields
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.core import eip712
from ledger.core.canonical import unhex0x, unhex32
from ledger.core.ids import Address, key_id
from ledger.core.keys import Alg
from ledger.core.promise import digest
from tests.acceptance.outside import Done, run
from tests.e2e.member import Member, until
from tests.support import nightly

pytestmark = nightly.mark

WEEK = 7 * 86_400
OTHER_KEYS = (
    *("ANCHOR", "NOTE", "PRESENT", "CASE", "DECIDE", "REQUEST", "WITNESS", "CONSENT", "PRODUCT"),
)
LOST = ("govern", *(purpose.lower() for purpose in OTHER_KEYS))
LATER = WEEK + 3600
"""Seconds after which a recovered key has begun, and some."""
OTHERS = ("110000", "130000", "140000")
BANK = "new-bank"


class World:
    """The network, and the command line of whoever acts."""

    def __init__(self, member: Member, folder: Path) -> None:
        self.member = member
        self.folder = folder
        self.ahead = 0
        self.words = folder / "word"
        self.words.write_text("word\n")

    @property
    def environment(self) -> dict[str, str]:
        return {"CREDIT_LEDGER_NOW": f"+{self.ahead}"} if self.ahead else {}

    def config(self, code: str) -> Path:
        return self.member.folder / "members" / code / "gateway.toml"

    def run(self, *words: object) -> Done:
        done = run(*words, env=self.environment)
        assert done.code == 0, (words, done.err)
        return done

    def keys(self, *words: object) -> Any:
        return self.run("keys", *words, "--config", self.config(self.member.code), "--json").json()

    def listed(self, code: str) -> dict[str, Any]:
        network = self.member.file
        told = self.run("keys", "list", "--member", code, "--network", network, "--json").json()
        return {key["keyId"]: key for key in told["keys"]}

    def decide(self, *words: object, votes: tuple[str, ...] = OTHERS) -> None:
        """Proposed by the first, voted on by all of them, carried out by the last."""
        config = self.config(votes[0])
        made = self.run("govern", "propose", *words, "--config", config, "--json").json()
        for motion in filter(None, (made["first"], made["proposal"])):
            for code in votes:
                self.run("govern", "vote", motion, "yes", "--config", self.config(code))
            self.run("govern", "execute", motion, "--config", self.config(votes[-1]))

    def chair(self) -> dict[str, Any]:
        told: dict[str, Any] = self.run(
            "govern", "chair", "--network", self.member.file, "--json"
        ).json()
        return told

    def judged(self, receipt: Path) -> tuple[int, str]:
        done = run(
            *("verify", receipt, "--network", self.member.file, "--json"), env=self.environment
        )
        return done.code, str(done.json()["verdict"])

    def move(self, seconds: int, nodes: tuple[str, ...]) -> None:
        """The whole network that much further on, with the gateways of these members."""
        self.ahead += seconds
        chosen = [node for node in NODES if node.code in nodes]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CREDIT_LEDGER_NOW", f"+{self.ahead}")
            services.up(self.member.folder, 0, lambda _step: None, nodes=chosen)


class Load:
    """Records that are sent without a pause; every answer is kept."""

    def __init__(self, member: Member) -> None:
        self.answers: list[dict[str, Any]] = []
        self._member = member
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, count: int) -> None:
        """So many more answers."""
        wanted = len(self.answers) + count
        until(lambda: len(self.answers) >= wanted or not self._thread.is_alive(), "answers")

    def _send(self) -> None:
        number = 1000
        while not self._stop.is_set():
            number += 1
            self.answers.append(self._member.submit(self._member.record(number)))


@pytest.fixture
def world(member: Member, tmp_path: Path) -> World:
    return World(member, tmp_path)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def promised_by(answer: dict[str, Any], anchor: Address, chain_id: int) -> str:
    """Key id of whoever signed the promise in an answer; read by hand."""
    promise = answer["promise"]
    signed = digest(
        chain_id=chain_id,
        log_anchor=anchor,
        member="120000",
        log=unhex32(promise["log"]),
        leaves_root=unhex32(promise["leavesRoot"]),
        count=promise["count"],
        issued_at=seconds(promise["issuedAt"]),
        due=seconds(promise["due"]),
    )
    signer = eip712.recover(signed, unhex0x(promise["signature"], 65))
    return key_id(Alg.SECP256K1, signer.public_key).hex()


def check_promises(world: World, answers: list[dict[str, Any]]) -> set[str]:
    """Each was made, with a key that was in force then, and its record is in the log; the keys."""
    network = NetworkFile.load(world.member.file)
    keys, used = world.listed("120000"), set()
    anchor = _log_anchor(world, network)
    for answer in answers:
        assert answer.get("verdict") == "accepted", answer
        name = promised_by(answer, anchor, network.chain_id)
        key, at = keys[name], seconds(answer["promise"]["issuedAt"])
        assert key["purpose"] == "ANCHOR"
        assert seconds(key["notBefore"]) <= at
        assert key["notAfter"] is None or at <= seconds(key["notAfter"])
        used.add(name)
    return used


def test_keys_and_votes(world: World, tmp_path: Path) -> None:
    member = world.member
    first = member.submit(member.record(1))["leaf"]
    old_receipt = member.receipt(first, tmp_path / "first.json")
    stolen = rotate_under_load(world)
    after = lose_a_key_to_a_thief(world, stolen, tmp_path)
    assert world.judged(old_receipt) == (0, "valid"), "receipts outlive every rotation"
    recover(world, tmp_path)
    for receipt in (old_receipt, after):
        assert world.judged(receipt) == (0, "valid")
    admit_and_retire(world)
    move_the_threshold(world)


def rotate_under_load(world: World) -> str:
    """No promise is lost; the id of the new key."""
    member = world.member
    before = [k for k, key in world.listed("120000").items() if key["purpose"] == "ANCHOR"]
    with Load(member) as load:
        load.wait_for(20)
        told = world.keys("rotate", "ANCHOR", "--end-old")
        load.wait_for(20)
    assert told["ended"] == before
    used = check_promises(world, load.answers)
    assert used == {*before, told["keyId"]}
    everything = {answer["leaf"] for answer in load.answers}
    until(lambda: everything <= set(member.logged()), "all in the log")
    until(lambda: _anchored(member), "all anchored")
    assert world.listed("120000")[before[0]]["state"] == "ended"
    return str(told["keyId"])


def lose_a_key_to_a_thief(world: World, stolen: str, folder: Path) -> Path:
    """The key is in other hands: a new one is added, then the old one is said to be stolen."""
    member = world.member
    told = world.keys("rotate", "ANCHOR")
    assert told["stillInForce"] == [stolen]
    until(lambda: told["keyId"] in _in_use(member), "taken up")
    world.keys("compromise", stolen, "--since", "now")
    assert world.listed("120000")[stolen]["state"] == "compromised"
    leaf = member.submit(member.record(2))["leaf"]
    receipt = member.receipt(leaf, folder / "after-theft.json")
    assert world.judged(receipt) == (0, "valid")
    return receipt


def recover(world: World, folder: Path) -> None:
    """The province has lost every key that signs. The others give it a GOVERN key, which begins in
    seven days; with that it registers the rest itself."""
    member = world.member
    keys = world.config(member.code).parent / "keys"
    member.process.stop()
    for path in keys.glob("*.json"):
        if path.name.split("-")[0].removesuffix(".json") in LOST:
            path.unlink()
    new = folder / "recovered"
    world.run(
        *("consortium", "keys", member.code, "-o", new),
        *("--password-file", keys / "password"),
    )
    world.decide("recover-key", f"key=@{new / '120000.json'}")
    for path in (new / "keys").glob("*.json"):
        if path.stem in LOST:
            shutil.copy(path, keys)
    early = run(
        *("keys", "rotate", "ANCHOR", "--config", world.config(member.code)),
        env=world.environment,
    )
    assert early.code == 1 and "Consortium_KeyNotValid" in early.err
    world.move(LATER, ())
    lost = [k for k, key in world.listed(member.code).items() if key["state"] == "in-force"]
    for purpose in OTHER_KEYS:
        told = world.keys("rotate", purpose)
        assert re.fullmatch(f"{purpose.lower()}(-[0-9a-f]{{8}})?.json", Path(told["file"]).name)
    for name in lost:
        if name != _govern_id(new):
            world.keys("revoke", name)
    world.move(60, (member.code,))
    leaf = member.submit(member.record(3))["leaf"]
    receipt = member.receipt(leaf, folder / "recovered.json")
    assert world.judged(receipt) == (0, "valid")


def admit_and_retire(world: World) -> None:
    """A bank makes its keys, is admitted, runs a node, and retires."""
    folder, member = world.folder / BANK, world.member
    world.run(
        *("consortium", "keys", BANK, "-o", folder, "--roles", "INSTITUTION"),
        *("--password-file", world.words),
    )
    public = folder / f"{BANK}.json"
    world.decide("admit", f"founder=@{public}", f"keys=@{public}")
    assert {key["state"] for key in world.listed(BANK).values()} == {"in-force"}
    password = folder / "keys" / "password"
    shutil.copy(world.words, password)
    password.chmod(0o600)
    port = _free_port()
    (folder / "gateway.toml").write_text(
        f'env = "development"\nnetwork = "{member.file}"\nkey_password_file = "keys/password"\n'
        f'[node]\ncode = "{BANK}"\nname = "a bank"\n[http]\nport = {port}\n'
    )
    url = f"http://127.0.0.1:{port}"
    with _serving(world, folder / "gateway.toml"):
        until(lambda: plain.get(f"{url}/readyz", timeout=60).is_success, "the bank's node")
        _fund(member, folder / "keys" / "payer.json")
        bank = ("--config", folder / "gateway.toml")
        world.run("govern", "endpoint", url, *bank)
        world.run("keys", "rotate", "PRESENT", "--end-old", *bank)
        world.decide("retire", f"member={BANK}")
        until(lambda: plain.get(f"{url}/readyz", timeout=60).status_code == 503, "no more")
    refused = run("keys", "rotate", "CASE", *bank, env=world.environment)
    assert refused.code == 1 and "Consortium_MemberNotActive" in refused.err


def move_the_threshold(world: World) -> None:
    """Up to all four, and down again with the votes of all four."""
    assert world.chair()["threshold"] == 3
    world.decide("set-threshold", "threshold=4")
    assert world.chair()["threshold"] == 4
    config = world.config("110000")
    made = world.run("govern", "propose", "set-threshold", "threshold=3", "--config", config)
    motion = made.out.strip()
    for code in OTHERS:
        world.run("govern", "vote", motion, "yes", "--config", world.config(code))
    early = run("govern", "execute", motion, "--config", config, env=world.environment)
    assert early.code == 1 and "Consortium_ProposalNotPassed" in early.err
    world.run("govern", "vote", motion, "yes", "--config", world.config("120000"))
    world.run("govern", "execute", motion, "--config", config)
    assert world.chair()["threshold"] == 3
    world.decide("set-chair", "member=120000")
    assert world.chair()["chair"] == "120000"


# ---- looking at things


def _log_anchor(world: World, network: NetworkFile) -> Address:
    with closing(Rpc(world.member.network.ports.rpc)) as rpc:
        found = Consortium(network.consortium, latest_call(rpc)).current(LOG_ANCHOR)
    assert found is not None
    return found


def _node(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = plain.get(f"{member.url}/v1/node", timeout=300).json()
    return found


def _anchored(member: Member) -> bool:
    [log] = _node(member)["logs"]
    return bool(log["anchoredSize"] == log["promisedSize"])


def _in_use(member: Member) -> list[str]:
    return [key["keyId"] for key in _node(member)["keys"] if key["inUse"]]


def _govern_id(folder: Path) -> str:
    public = json.loads((folder / "120000.json").read_text("utf-8"))
    return next(str(key["keyId"]) for key in public["keys"] if key["purpose"] == "GOVERN")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _fund(member: Member, payer: Path) -> None:
    """What pays on this chain comes from somewhere."""
    account = read_fields(payer)["address"]
    with closing(Rpc(member.network.ports.rpc)) as rpc:
        rpc.call("anvil_setBalance", [account, hex(10**20)])


@contextmanager
def _serving(world: World, config: Path) -> Iterator[None]:
    """The gateway of a member that `network up` does not know."""
    clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
    with (config.parent / "log.jsonl").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli.main", "gateway", "serve", "--config", config],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=clean | world.environment,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(300)
