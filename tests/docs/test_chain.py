"""The chapter on a chain of four validators: what it says of this software is so. What it says of
Besu was not run."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from gateway.anchoring import tasks
from gateway.base.settings import LogSettings, of_values
from gateway.commands.init_files import ALERTS
from gateway.operations import doctor_chain
from ledger.chain.nodes import order, quorum
from ledger.cli.plan import load_plan
from ledger.core.promise import MAX_PROMISE
from tests.support.guide import PAGES, ROOT

NAMES = ("chain.md", "chain.zh-CN.md")
METHOD = re.compile(r'"(eth_[A-Za-z]+)"')
SIZE = re.compile(r"runtime (\d+)")
LARGEST_CONTRACT = 24_576
AT_FOUNDING, LATER_ON = 13_000_000, 30_000_000
FOUNDING = re.compile(r"testGas_founding\(\) \(gas: (\d+)\)")


def text(page: str) -> str:
    return (PAGES / page).read_text("utf-8")


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)


def test_both_languages_show_the_same() -> None:
    for language in ("json", "toml", "text"):
        assert fenced(NAMES[0], language) == fenced(NAMES[1], language)
        assert fenced(NAMES[0], language)


@pytest.mark.parametrize("page", NAMES)
def test_its_plan_and_settings_are_taken(page: str, tmp_path: Path) -> None:
    plan, settings = fenced(page, "toml")
    members = "".join(
        f'[[member]]\ncode = "{code}"\nregion = "{code}"\nroles = ["PROVINCE"]\nendpoint = ""\n'
        for code in ("110000", "120000", "130000", "140000")
    )
    path = tmp_path / "plan.toml"
    path.write_text(f'name = "x"\n{plan}{members}', "utf-8")
    found = load_plan(path)
    assert (found.threshold, found.quorum, found.max_head_age) == (3, 3, 5400)
    assert found.finality.rule == "latest"
    values = tomllib.loads(settings)
    node = {"node": {"code": "110000"}, "network": "network.json", "env": "development"}
    made = of_values(node | values, tmp_path)
    assert len(made.rpc) == 4
    assert made.log.anchor_deadline >= found.max_head_age


@pytest.mark.parametrize("page", NAMES)
def test_the_calls_to_a_node_are_all_there_are(page: str) -> None:
    files = [path for room in ("ledger", "gateway") for path in (ROOT / room).rglob("*.py")]
    called = {name for path in files for name in METHOD.findall(path.read_text("utf-8"))}
    assert set(re.findall(r"`(eth_[A-Za-z]+)`", text(page))) == called


@pytest.mark.parametrize("page", NAMES)
def test_alerts_and_figures_that_are_named_are_there(page: str) -> None:
    rules = yaml.safe_load(ALERTS.read_text("utf-8"))
    known = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"]}
    named = set(re.findall(r"`(CreditLedger\w+)`", text(page)))
    assert len(named) > 5
    assert named <= known.keys()
    assert [known[f"CreditLedger{name}"]["for"] for name in ("NodeAway", "NodeBehind")] == [
        "5m"
    ] * 2
    assert known["CreditLedgerNodeBehind"]["expr"].endswith("> 10")
    assert (known["CreditLedgerChainStands"]["for"], known["CreditLedgerChainError"]["for"]) == (
        "1m",
        "2m",
    )
    assert known["CreditLedgerChainStands"]["expr"].endswith("> 120"), "three minutes in all"
    assert known["CreditLedgerChainAhead"]["expr"].endswith("> 15")


def test_the_times_that_it_gives_are_those_of_the_code() -> None:
    assert (order.HURRY_SECONDS, order.PROBE_SECONDS) == (1.0, 5.0)
    assert (tasks.LOOK_AGAIN_SECONDS, tasks.ALONE_SECONDS) == (5.0, 10.0)
    assert quorum.MAX_AHEAD == 60
    assert doctor_chain.ANCHOR_GAS == 300_000
    assert (LogSettings().max_unanchored, MAX_PROMISE) == (1_000_000, 259_200)


def test_the_beginning_of_the_chain_holds_our_contracts() -> None:
    (made,) = (json.loads(one) for one in fenced(NAMES[0], "json"))
    config = made["genesis"]["config"]
    assert (config["chainId"], config["zeroBaseFee"], made["blockchain"]["nodes"]["count"]) == (
        4242,
        True,
        4,
    )
    foundry = tomllib.loads((ROOT / "foundry.toml").read_text("utf-8"))
    assert foundry["profile"]["default"]["evm_version"] == "paris", "London's rules do"
    sizes = [int(size) for size in SIZE.findall((ROOT / ".size-snapshot").read_text())]
    assert max(sizes) <= LARGEST_CONTRACT
    founding = int(FOUNDING.findall((ROOT / ".gas-snapshot").read_text())[0])
    assert founding < AT_FOUNDING
    assert int(made["genesis"]["gasLimit"], 16) > LATER_ON
