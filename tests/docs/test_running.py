"""The chapter on running a node."""

import json
import tomllib

from tests.support.guide import Operator


def test_the_chapter_is_followed(operator: Operator) -> None:
    operator.follow_page("running.md")
    node = operator.node("110000")
    assert node["logs"][0]["size"] > 0
    code, told = operator.command("gateway", "doctor", "--json", "--config", "110000/gateway.toml")
    found = {one["code"] for one in json.loads(told)["findings"]}
    assert code == 0
    assert "payer-free" in found, "a chain without fees asks for no funds"
    settings = tomllib.loads((operator.folder / "110000/gateway.toml").read_text("utf-8"))
    unit = (operator.folder / "deploy/credit-ledger.service").read_text("utf-8")
    assert f"--config {operator.folder}/110000/gateway.toml" in unit
    assert str(settings["http"]["operator_port"]) in (
        operator.folder / "deploy/prometheus.yml"
    ).read_text("utf-8")
