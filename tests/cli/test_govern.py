"""`govern`: proposals, votes and what is carried out, by four provinces with their own folders."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contracts.structs import ACTIVE, RETIRED, SUSPENDED, item_values
from ledger.chain.governing.actions import kind_names, suspend
from ledger.cli.action_words import plain
from ledger.core.canonical import hex0x
from ledger.core.status import Action, Basis, Flag, Outcome, act_values
from tests.cli.conftest import Cli
from tests.support.anvil import start_anvil
from tests.support.cases import make_act
from tests.support.chain import PROVINCES, TestNetwork, deploy_network
from tests.support.hands import member_folder

NATIONAL_ITEM = "penalty"


@pytest.fixture(scope="module")
def deployed() -> Iterator[TestNetwork]:
    with start_anvil() as anvil:
        yield deploy_network(anvil)


@pytest.fixture
def network(deployed: TestNetwork) -> Iterator[TestNetwork]:
    """The network as it was just deployed."""
    snapshot = deployed.anvil.snapshot()
    yield deployed
    deployed.anvil.revert(snapshot)


class Council:
    """The provinces at their command lines."""

    def __init__(self, cli: Cli, network: TestNetwork, folder: Path) -> None:
        self.cli = cli
        self.folder = folder
        self.configs = {code: member_folder(network, folder, code) for code in PROVINCES}

    def run(self, code: str, *words: Any) -> Any:
        done = self.cli("govern", *words, "--config", self.configs[code], "--json")
        assert done.exit == 0, done.err
        return done.json()

    def propose(self, *words: Any) -> str:
        made = self.run("110000", "propose", *words)
        assert made["first"] is None
        return str(made["proposal"])

    def pass_(self, motion: str) -> None:
        for code in PROVINCES[:3]:
            self.run(code, "vote", motion, "yes")
        self.run("140000", "execute", motion)

    def decide(self, *words: Any) -> str:
        motion = self.propose(*words)
        self.pass_(motion)
        return motion


@pytest.fixture
def council(cli: Cli, network: TestNetwork, tmp_path: Path) -> Council:
    return Council(cli, network, tmp_path)


def test_a_vote_from_beginning_to_end(council: Council, network: TestNetwork) -> None:
    assert council.run("110000", "list")["proposals"] == [], "all of the founding is carried out"
    motion = council.propose("suspend", "member=demo-bank")
    shown = council.run("120000", "show", motion[:12])
    assert shown["id"] == motion
    assert shown["values"] == {"member": "demo-bank"}
    assert "demo-bank" in shown["words"] and shown["words"].startswith("suspend")
    assert (shown["state"], shown["yes"], shown["threshold"]) == ("open", 0, 3)
    config = council.configs["110000"]
    early = council.cli("govern", "execute", motion, "--config", config)
    assert early.exit == 1 and "Consortium_ProposalNotPassed" in early.err
    council.run("110000", "vote", motion, "yes")
    twice = council.cli("govern", "vote", motion, "no", "--config", config)
    assert twice.exit == 1 and "voted on it already" in twice.err
    council.run("120000", "vote", motion, "no")
    council.run("130000", "vote", motion, "yes")
    done = council.cli("govern", "vote", motion, "yes", "--config", council.configs["140000"])
    assert done.out == "140000 yes; passed 3/3\n"
    text = council.cli("govern", "show", motion, "--config", config).out
    assert "120000       no" in text and "passed" in text
    assert motion in council.cli("govern", "list", "--config", config).out
    council.run("140000", "execute", motion)
    bank = network.consortium.member("demo-bank")
    assert bank is not None and bank.status == SUSPENDED
    assert motion not in [found["id"] for found in council.run("110000", "list")["proposals"]]
    ended = {found["id"]: found for found in council.run("110000", "list", "--all")["proposals"]}
    assert (ended[motion]["state"], ended[motion]["yes"]) == ("executed", 3)
    assert len(ended) > 3
    for found in ended.values():
        assert (found["state"], found["yes"], found["threshold"]) == ("executed", 3, None)
    text = council.cli("govern", "show", motion, "--config", config).out
    assert "0 / 3" not in text and "executed" in text
    again = council.cli("govern", "execute", motion, "--config", config)
    assert again.exit == 1 and "carried out already" in again.err


def test_what_other_contracts_carry_out(council: Council, network: TestNetwork) -> None:
    config = council.configs["110000"]
    every = council.run("110000", "list", "--all")["proposals"]
    [used] = [motion["id"] for motion in every if motion["kind"] == "put-national"]
    done = council.cli("govern", "execute", used, "--config", config)
    assert done.exit == 1 and "carried out already" in done.err


def test_acts_are_carried_out(council: Council, network: TestNetwork, tmp_path: Path) -> None:
    """A result of the national platform that an owner does not record, by three others."""
    [log] = network.consortium.log_ids("110000")
    act = make_act(network, Action.REPAIR, log, b"\x01" * 32, basis=Basis.NATIONAL_RESULT)
    (tmp_path / "acts.json").write_text(json.dumps([plain(act_values(act))]))
    motion = council.decide(
        *("act", f"registry={network.case_registry.address}", f"acts=@{tmp_path / 'acts.json'}")
    )
    [state] = network.case_registry.stored([act.record])
    assert (state.word.outcome, state.word.flags) == (Outcome.REPAIRED, Flag.OUTCOME_BY_VOTE)
    assert council.run("120000", "show", motion)["state"] == "executed"
    assert motion not in [found["id"] for found in council.run("110000", "list")["proposals"]]
    again = council.cli("govern", "execute", motion, "--config", council.configs["110000"])
    assert again.exit == 1 and "carried out already" in again.err


def test_votes_speak_chinese(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    motion = council.propose("retire", "member=demo-bank")
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    done = council.cli("govern", "show", motion, "--config", council.configs["110000"])
    assert done.exit == 0 and "成员 demo-bank 退出，不可撤回" in done.out


def test_every_kind_has_words_and_typed_values(
    council: Council, network: TestNetwork, tmp_path: Path
) -> None:
    key_id = hex0x(network.consortium.keys("demo-bank")[0].key_id)
    log_id = network.log_id("demo-bank").hex()
    bank = tmp_path / "new.json"
    made = council.cli(
        *("consortium", "keys", "new-bank", "-o", tmp_path / "new", "--roles", "INSTITUTION"),
        *("--password-file", council.configs["110000"].parent / "keys" / "password"),
    )
    assert made.exit == 0, made.err
    bank = tmp_path / "new" / "new-bank.json"
    lost = council.cli(
        *("consortium", "keys", "demo-bank", "-o", tmp_path / "lost", "--roles", "INSTITUTION"),
        *("--password-file", council.configs["110000"].parent / "keys" / "password"),
    )
    assert lost.exit == 0, lost.err
    [version] = network.catalogue.item(NATIONAL_ITEM)
    item = item_values(version.item)
    plain = {n: "0x" + v.hex() if n == "contentHash" else v for n, v in item.items()}
    plain |= {"itemId": NATIONAL_ITEM, "region": "", "version": 2}
    items = tmp_path / "items.json"
    items.write_text(json.dumps([plain]))
    lines = {
        "suspend": ["member=120000"],
        "reinstate": ["member=demo-bank"],
        "recover-key": [f"key=@{tmp_path / 'lost' / 'demo-bank.json'}"],
        "register-contract": ["role=CaseRegistry", f"account={network.deployment.log_anchor}"],
        "open-successor": [f"logId={log_id}", "trustedSize=0", "suite=1"],
        "compromise-key": ["member=demo-bank", f"keyId={key_id}", "since=2026-01-01T00:00:00Z"],
        "put-national": [f"catalogue={network.deployment.catalogue}", f"items=@{items}"],
        "set-chair": ["member=120000"],
        "act": [f"registry={network.deployment.log_anchor}", "acts=[]"],
        "admit": [f"founder=@{bank}", f"keys=@{bank}"],
        "retire": ["member=demo-bank"],
        "set-roles": ["member=demo-bank", "roles=BUREAU,INSTITUTION"],
        "set-threshold": ["threshold=4"],
        "open-log": ["member=demo-bank", "suite=1"],
        "compromise-all": ["member=demo-bank", "purpose=ANCHOR", "since=1700000000"],
    }
    assert set(lines) == set(kind_names())
    network.decide(suspend("demo-bank"))
    said = set()
    for kind, pairs in lines.items():
        motion = council.propose(kind, *pairs)
        shown = council.run("110000", "show", motion)
        assert shown["kind"] == kind
        assert shown["values"] is not None
        said.add(shown["words"])
    assert len(said) == len(lines)


def test_the_catalogue_is_extended(council: Council, network: TestNetwork, tmp_path: Path) -> None:
    [version] = network.catalogue.item(NATIONAL_ITEM)
    item = item_values(version.item)
    plain = {n: "0x" + v.hex() if n == "contentHash" else v for n, v in item.items()}
    plain |= {"itemId": NATIONAL_ITEM, "region": "", "version": 2}
    (tmp_path / "items.json").write_text(json.dumps([plain]))
    council.decide(
        "put-national",
        f"catalogue={network.deployment.catalogue}",
        f"items=@{tmp_path / 'items.json'}",
    )
    assert [found.item.version for found in network.catalogue.item(NATIONAL_ITEM)] == [1, 2]


def test_a_member_comes_and_goes(council: Council, network: TestNetwork, tmp_path: Path) -> None:
    password = council.configs["110000"].parent / "keys" / "password"
    made = council.cli(
        *("consortium", "keys", "new-bank", "-o", tmp_path / "new", "--roles", "INSTITUTION"),
        *("--endpoint", "https://bank.example", "--password-file", password),
    )
    assert made.exit == 0, made.err
    public = tmp_path / "new" / "new-bank.json"
    council.decide("admit", f"founder=@{public}", f"keys=@{public}")
    bank = network.consortium.member("new-bank")
    assert bank is not None
    assert (bank.status, bank.endpoint) == (ACTIVE, "https://bank.example")
    assert len(network.consortium.log_ids("new-bank")) == 1
    council.decide("retire", "member=new-bank")
    bank = network.consortium.member("new-bank")
    assert bank is not None and bank.status == RETIRED


def test_the_threshold_moves_first(council: Council, network: TestNetwork) -> None:
    """Four provinces with a threshold of 3; two retire, and both times it fits; a third does not
    until the threshold has moved."""
    council.decide("retire", "member=140000")
    made = council.run("110000", "propose", "retire", "member=130000")
    assert made["first"] is not None
    motion = council.run("110000", "show", made["first"])
    assert (motion["kind"], motion["values"]) == ("set-threshold", {"threshold": 2})
    config = council.configs["110000"]
    for code in ("110000", "120000", "130000"):
        council.run(code, "vote", made["proposal"], "yes")
    early = council.cli("govern", "execute", made["proposal"], "--config", config)
    assert early.exit == 1 and "set-threshold" in early.err
    for code in ("110000", "120000", "130000"):
        council.run(code, "vote", made["first"], "yes")
    council.run("110000", "execute", made["first"])
    council.run("110000", "execute", made["proposal"])
    chair = council.run("110000", "chair")
    assert chair == {"chair": None, "threshold": 2, "provinces": ["110000", "120000"]}
    never = council.cli("govern", "propose", "retire", "member=120000", "--config", config)
    assert never.exit == 1 and "no threshold fits" in never.err


def test_votes_are_signed_elsewhere(council: Council, tmp_path: Path) -> None:
    motion = council.propose("set-chair", "member=120000")
    config, file = council.configs["120000"], tmp_path / "vote.json"
    govern = (config.parent / "keys" / "govern.json").rename(tmp_path / "govern.json")
    done = council.cli("govern", "vote", motion, "yes", "--config", config, "--offline", file)
    assert done.exit == 0, done.err
    password = config.parent / "keys" / "password"
    signed = council.cli(
        "govern", "sign", file, "--key", govern, "--yes", "--password-file", password
    )
    assert signed.exit == 0, signed.err
    assert "yes to: 120000 takes the chair" in signed.err
    changed = json.loads(file.read_text())
    changed["proposal"]["data"] = changed["proposal"]["data"].replace("3132", "3133")
    lie = tmp_path / "lie.json"
    lie.write_text(json.dumps(changed))
    for command in (["sign", lie, "--key", govern, "--yes"], ["send", lie, "--config", config]):
        refused = council.cli("govern", *command)
        assert refused.exit == 1 and "not the one voted on" in refused.err
    sent = council.cli("govern", "send", file, "--config", config)
    assert sent.exit == 0, sent.err
    assert council.run("110000", "show", motion)["yes"] == 1
    changed = json.loads(file.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(changed | {"chainId": 1}))
    refused = council.cli("govern", "send", other, "--config", config)
    assert refused.exit == 1


@pytest.mark.parametrize(
    ("kind", "contract", "values"),
    [("put-national", "catalogue", "items"), ("act", "registry", "acts")],
)
def test_a_contract_that_is_none_of_ours(
    council: Council, network: TestNetwork, kind: str, contract: str, values: str
) -> None:
    """Whoever carries a vote out sends nothing to a contract of the proposer's choice."""
    stranger = network.deployment.log_anchor
    motion = council.propose(kind, f"{contract}={stranger}", f"{values}=[]")
    for code in PROVINCES[:3]:
        council.run(code, "vote", motion, "yes")
    config = council.configs["110000"]
    done = council.cli("govern", "execute", motion, "--config", config)
    assert done.exit == 1 and "is not the " in done.err


def test_words_of_a_proposer_do_not_steer_the_terminal(
    council: Council, network: TestNetwork, tmp_path: Path
) -> None:
    founder = {"code": "b", "region": "", "roles": 4, "endpoint": "\x1b[2Jhttps://b.example"}
    (tmp_path / "founder.json").write_text(json.dumps(founder))
    motion = council.propose("admit", f"founder=@{tmp_path / 'founder.json'}", "keys=[]")
    done = council.cli("govern", "show", motion, "--config", council.configs["110000"])
    assert done.exit == 0 and "\x1b" not in done.out and "https://b.example" in done.out


def test_an_endpoint_is_changed(council: Council, network: TestNetwork) -> None:
    council.run("130000", "endpoint", "https://new.example")
    found = network.consortium.member("130000")
    assert found is not None and found.endpoint == "https://new.example"


@pytest.mark.parametrize(
    "words",
    [
        ["suspend"],
        ["suspend", "member"],
        ["suspend", "member=a", "other=b"],
        ["suspend", "member=/"],
        ["set-threshold", "threshold=many"],
        ["set-roles", "member=demo-bank", "roles=KING"],
        ["compromise-key", "member=demo-bank", "keyId=00", "since=1"],
        ["admit", "founder=@missing", "keys=[]"],
        ["admit", "founder={}", "keys=[]"],
        ["nonsense"],
    ],
)
def test_what_is_no_action_is_wrong_usage(council: Council, words: list[str]) -> None:
    done = council.cli("govern", "propose", *words, "--config", council.configs["110000"])
    assert done.exit == 2, done.err


def test_what_cannot_be_carried_out_is_not_proposed(council: Council) -> None:
    config = council.configs["110000"]
    for words, told in (
        (["suspend", "member=nobody"], "no member"),
        (["reinstate", "member=demo-bank"], "SUSPENDED"),
        (["set-chair", "member=demo-bank"], "no active province"),
        (["set-threshold", "threshold=2"], "from 3 to 4"),
        (["compromise-key", "member=demo-bank", f"keyId={'0' * 64}", "since=1"], "no such key"),
    ):
        done = council.cli("govern", "propose", *words, "--config", config)
        assert done.exit == 1 and told in done.err, done.err
    assert council.run("110000", "list")["proposals"] == []
    motion = council.propose("suspend", "member=demo-bank")
    done = council.cli("govern", "propose", "suspend", "member=demo-bank", "--config", config)
    assert done.exit == 1 and motion in done.err and "--again" in done.err
    assert council.propose("suspend", "member=demo-bank", "--again") != motion
