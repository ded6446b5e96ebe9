"""`keys list | rotate | revoke | compromise`, and what is signed on another machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.governing import requests
from ledger.chain.governing.requests import Domain
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create, new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.cli import member_keys
from ledger.cli.output import Unknown
from ledger.core.canonical import instant
from ledger.core.keys import Alg, Purpose
from tests.cli.conftest import Cli
from tests.support import votes
from tests.support.anvil import start_anvil
from tests.support.chain import TestNetwork, deploy_network
from tests.support.hands import PASSWORD, member_folder

BANK = "demo-bank"


@pytest.fixture(scope="module")
def deployed() -> Iterator[TestNetwork]:
    with start_anvil() as anvil:
        yield deploy_network(anvil, items=[])


@pytest.fixture
def network(deployed: TestNetwork) -> Iterator[TestNetwork]:
    """The network as it was just deployed."""
    snapshot = deployed.anvil.snapshot()
    yield deployed
    deployed.anvil.revert(snapshot)


@pytest.fixture
def config(network: TestNetwork, tmp_path: Path) -> Path:
    return member_folder(network, tmp_path, BANK, Purpose.ANCHOR, Purpose.NOTE)


def listed(cli: Cli, config: Path) -> dict[str, dict[str, Any]]:
    done = cli("keys", "list", "--config", config, "--json")
    assert done.exit == 0, done.err
    return {key["keyId"]: key for key in done.json()["keys"]}


def test_keys_are_listed_without_any_secret(
    cli: Cli, network: TestNetwork, config: Path, tmp_path: Path
) -> None:
    done = cli("keys", "list", "--member", BANK, "--network", tmp_path / "network.json")
    assert done.exit == 0, done.err
    assert len(done.out.splitlines()) == 4
    key_id = network.keys[BANK, Purpose.NOTE].key_id.hex()
    assert f"{key_id}  NOTE     in-force" in done.out
    unknown = cli("keys", "list", "--member", "nobody", "--network", tmp_path / "network.json")
    assert unknown.exit == 1 and "nobody" in unknown.err


@pytest.mark.parametrize("purpose", ["ANCHOR", "NOTE", "CASE", "PRESENT"])
def test_a_key_is_rotated_with_an_overlap(cli: Cli, config: Path, purpose: str) -> None:
    before = listed(cli, config)
    done = cli("keys", "rotate", purpose, "--config", config, "--json")
    assert done.exit == 0, done.err
    made = done.json()
    after = listed(cli, config)
    assert set(after) - set(before) == {made["keyId"]}
    assert after[made["keyId"]]["purpose"] == purpose
    assert after[made["keyId"]]["notAfter"] is None
    old = [key for key in before.values() if key["purpose"] == purpose]
    assert made["stillInForce"] == [key["keyId"] for key in old]
    assert all(after[key["keyId"]]["state"] == "in-force" for key in after.values())
    path = Path(made["file"])
    assert path.name == f"{purpose.lower()}-{made['keyId'][:8]}.json"
    for key in old:
        done = cli("keys", "revoke", key["keyId"][:10], "--config", config)
        assert done.exit == 0, done.err
        assert listed(cli, config)[key["keyId"]]["state"] in ("in-force", "ended")  # this second


def test_a_key_of_another_algorithm(cli: Cli, network: TestNetwork, config: Path) -> None:
    """Over to secp256k1, which signs its own registration, and back."""
    keys = config.parent / "keys"
    waiting = create("PRESENT", keys / "present-waits.json", PASSWORD, work=WORK_LIGHT)
    made = []
    for name, alg in (("secp256k1", Alg.SECP256K1), ("p-256", Alg.P256), ("ED25519", Alg.ED25519)):
        done = cli("keys", "rotate", "PRESENT", "--alg", name, "--config", config, "--json")
        assert done.exit == 0, done.err
        told = done.json()
        made.append(told["keyId"])
        assert KeyFile.load(Path(told["file"])).alg == alg
    assert waiting.key_id is not None
    assert made[1] == waiting.key_id.hex(), "what waits is used where it is of that algorithm"
    assert set(made) < set(listed(cli, config))
    for name in ("p-256", "ed25519"):
        refused = cli("keys", "rotate", "ANCHOR", "--alg", name, "--config", config)
        assert refused.exit == 1 and "cannot be used for ANCHOR" in refused.err
    path = keys / "later.json"
    create("PRESENT", path, PASSWORD, work=WORK_LIGHT)
    own = ("keys", "rotate", "PRESENT", "--out", path, "--config", config)
    refused = cli(*own, "--alg", "secp256k1")
    assert refused.exit == 1 and "holds a key of P256" in refused.err
    assert cli(*own, "--alg", "P-256").exit == 0


def test_a_file_that_waits_is_used(cli: Cli, config: Path) -> None:
    path = config.parent / "keys" / "anchor-made.json"
    made = create("ANCHOR", path, PASSWORD, work=WORK_LIGHT)
    done = cli("keys", "rotate", "ANCHOR", "--config", config, "--json")
    assert done.exit == 0, done.err
    assert made.key_id is not None
    assert done.json()["keyId"] == made.key_id.hex()
    again = cli("keys", "rotate", "ANCHOR", "--out", path, "--config", config)
    assert again.exit == 1 and "registered already" in again.err
    wrong = cli("keys", "rotate", "CASE", "--out", path, "--config", config)
    assert wrong.exit == 1 and "purpose ANCHOR" in wrong.err


def test_a_stolen_key(cli: Cli, network: TestNetwork, config: Path) -> None:
    key_id = network.keys[BANK, Purpose.ANCHOR].key_id.hex()
    since = network.anvil.head_time() - 3600
    done = cli("keys", "compromise", key_id, "--since", instant(since), "--config", config)
    assert done.exit == 0, done.err
    key = listed(cli, config)[key_id]
    assert (key["state"], key["compromisedSince"]) == ("compromised", instant(since))
    later = cli("keys", "compromise", key_id, "--since", instant(since + 60), "--config", config)
    assert later.exit == 1
    assert "Consortium_CompromiseInvalid" in later.err and "compromise-key" in later.err
    ended = cli("keys", "revoke", key_id, "--config", config)
    assert ended.exit == 1 and "Consortium_KeyEnded" in ended.err


@pytest.mark.parametrize(
    ("purpose", "words"),
    [
        (Purpose.ANCHOR, "anchors nothing"),
        (Purpose.GOVERN, "recover-key"),
        (Purpose.NOTE, "nothing of that kind"),
    ],
)
def test_the_last_key_of_a_purpose_is_kept(
    cli: Cli, network: TestNetwork, config: Path, purpose: Purpose, words: str
) -> None:
    key_id = network.keys[BANK, purpose].key_id.hex()
    refused = cli("keys", "revoke", key_id, "--config", config)
    assert refused.exit == 1
    assert f"last {purpose.name} key" in refused.err and words in refused.err
    assert "--yes" in refused.err and listed(cli, config)[key_id]["notAfter"] is None
    done = cli("keys", "revoke", key_id, "--config", config, "--yes")
    assert done.exit == 0, done.err
    assert listed(cli, config)[key_id]["notAfter"] is not None


def test_a_key_of_a_far_future(cli: Cli, network: TestNetwork, config: Path) -> None:
    """What a member registers cannot end the listing."""
    signer = LocalSigner(Alg.SECP256K1, new_secret())
    key = requests.key_input(
        member=BANK,
        purpose=200,
        alg=77,
        public_key=signer.public_key,
        not_before=(1 << 64) - 2,
        not_after=(1 << 64) - 1,
    )
    deadline = network.anvil.head_time() + 600
    domain = Domain(network.file.chain_id, network.deployment.consortium)
    request = requests.add_key(key=key, seq=0, deadline=deadline)
    govern = network.keys[BANK, Purpose.GOVERN]
    votes.send(network, request, requests.signed_add_key(request, domain, govern, None))
    found = [key for key in listed(cli, config).values() if key["purpose"] == "200"]
    assert [(key["state"], key["notBefore"]) for key in found] == [("not-yet", None)]
    assert cli("keys", "list", "--config", config).exit == 0


def test_a_member_without_a_node_is_not_waited_for(
    cli: Cli, network: TestNetwork, config: Path
) -> None:
    votes.set_endpoint(network, BANK, "")
    done = cli("keys", "rotate", "ANCHOR", "--config", config, "--end-old")
    assert done.exit == 1 and "govern endpoint" in done.err
    assert len(listed(cli, config)) == 4, "nothing was registered"
    done = cli("keys", "rotate", "GOVERN", "--config", config, "--end-old", "--json")
    assert done.exit == 0, done.err
    made = done.json()
    assert made["ended"] == [network.keys[BANK, Purpose.GOVERN].key_id.hex()]
    network.anvil.mine(seconds=60)
    done = cli("keys", "rotate", "CASE", "--config", config)
    assert done.exit == 0, "signed with the new GOVERN key"


def test_what_names_no_key(cli: Cli, network: TestNetwork, config: Path) -> None:
    key_id = network.keys[BANK, Purpose.ANCHOR].key_id.hex()
    for text in ("00" * 32, key_id[:7], "", "xyz"):
        done = cli("keys", "revoke", text, "--config", config)
        assert done.exit == 1, text
    done = cli("keys", "compromise", key_id, "--since", "yesterday", "--config", config)
    assert done.exit == 2 and "YYYY-MM-DD" in done.err


def test_key_and_payer_without_settings(
    cli: Cli, network: TestNetwork, config: Path, tmp_path: Path
) -> None:
    """Whose key it is, the chain tells."""
    keys = config.parent / "keys"
    own = ["--network", tmp_path / "network.json", "--key", keys / "govern.json"]
    own += ["--payer", keys / "payer.json", "--password-file", keys / "password"]
    key_id = network.keys[BANK, Purpose.NOTE].key_id.hex()
    done = cli("keys", "revoke", key_id, *own, "--yes")
    assert done.exit == 0, done.err
    wrong = cli("keys", "revoke", key_id, *own, "--key", keys / "note.json")
    assert wrong.exit == 1 and "purpose NOTE, not GOVERN" in wrong.err
    assert cli("keys", "list").exit == 2
    assert cli("keys", "list", "--network", tmp_path / "network.json").exit == 2
    (tmp_path / "other").write_text("other")
    wrong = cli("keys", "revoke", key_id, *own[:-1], tmp_path / "other")
    assert wrong.exit == 1 and "--password-file" in wrong.err


def test_a_chain_that_cannot_be_read(cli: Cli, config: Path) -> None:
    done = cli("keys", "list", "--config", config, "--rpc", "http://127.0.0.1:1")
    assert done.exit == 4, done.err


def test_keys_are_signed_for_elsewhere(cli: Cli, config: Path, tmp_path: Path) -> None:
    """The GOVERN key is on another machine; here are the new key and the payer."""
    govern = (config.parent / "keys" / "govern.json").rename(tmp_path / "govern.json")
    file = tmp_path / "rotate.json"
    done = cli("keys", "rotate", "ANCHOR", "--config", config, "--offline", file, "--json")
    assert done.exit == 0, done.err
    made = done.json()
    assert made["tx"] is None
    early = cli("govern", "send", file, "--config", config)
    assert early.exit == 1 and "not signed" in early.err
    signed = cli(
        *("govern", "sign", file, "--key", govern, "--yes"),
        *("--password-file", config.parent / "keys" / "password"),
    )
    assert signed.exit == 0, signed.err
    assert made["keyId"] in signed.err
    assert made["keyId"] not in listed(cli, config)
    sent = cli("govern", "send", file, "--config", config)
    assert sent.exit == 0, sent.err
    assert listed(cli, config)[made["keyId"]]["state"] == "in-force"
    again = cli("govern", "send", file, "--config", config)
    assert again.exit == 1 and "Consortium_SeqMismatch" in again.err
    changed = json.loads(file.read_text())
    changed["arguments"]["purpose"] = 5
    file.write_text(json.dumps(changed))
    assert cli("govern", "send", file, "--config", config).exit == 1


def rotated(cli: Cli, config: Path, *words: Any) -> dict[str, Any]:
    done = cli("keys", "rotate", *words, "--config", config, "--json")
    assert done.exit == 0, done.err
    found: dict[str, Any] = done.json()
    return found


def test_the_key_of_another_person_is_ended_by_name_alone(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Two persons hold a GOVERN key each, on machines of their own."""
    [first] = [k for k, key in listed(cli, config).items() if key["purpose"] == "GOVERN"]
    (tmp_path / "other").mkdir()
    other = rotated(cli, config, "GOVERN", "--out", tmp_path / "other" / "govern.json")["keyId"]
    made = rotated(cli, config, "GOVERN", "--end-old")
    assert (made["ended"], made["stillInForce"]) == ([first], [other])
    wrong = cli("keys", "rotate", "GOVERN", "--end", first, "--config", config)
    assert wrong.exit == 1 and "no old GOVERN key in force" in wrong.err
    last = rotated(cli, config, "GOVERN", "--end-old", "--end", other)
    assert sorted(last["ended"]) == sorted([made["keyId"], other])
    assert last["stillInForce"] == []
    offline = ["--offline", tmp_path / "x.json"]
    for words in (["--end", other], ["--end-old"]):
        done = cli("keys", "rotate", "GOVERN", *words, "--config", config, *offline)
        assert done.exit == 2


def test_the_key_that_signs_is_replaced(
    cli: Cli, network: TestNetwork, config: Path, tmp_path: Path
) -> None:
    """Without the folder of a node: the key that is named is the one replaced."""
    keys = config.parent / "keys"
    own = ["--network", tmp_path / "network.json", "--key", keys / "govern.json"]
    own += ["--payer", keys / "payer.json", "--password-file", keys / "password"]
    out = tmp_path / "new.json"
    create("GOVERN", out, PASSWORD, work=WORK_LIGHT)
    done = cli("keys", "rotate", "GOVERN", "--out", out, "--end-old", *own, "--json")
    assert done.exit == 0, done.err
    assert done.json()["ended"] == [network.keys[BANK, Purpose.GOVERN].key_id.hex()]


def test_ending_again_makes_no_third_key(
    cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node did not take the key up in time; run again, it has."""
    before = listed(cli, config)
    [old] = [k for k, key in before.items() if key["purpose"] == "ANCHOR"]

    def late(*_: Any) -> None:
        raise Unknown("not taken up")

    with monkeypatch.context() as patched:
        patched.setattr(member_keys, "_await_taken_up", late)
        done = cli("keys", "rotate", "ANCHOR", "--end-old", "--config", config)
        assert done.exit == 4
    [new] = set(listed(cli, config)) - set(before)
    monkeypatch.setattr(member_keys, "_await_taken_up", lambda *_: None)
    again = rotated(cli, config, "ANCHOR", "--end-old")
    assert (again["keyId"], again["ended"], again["tx"]) == (new, [old], None)
    assert set(listed(cli, config)) == {*before, new}
