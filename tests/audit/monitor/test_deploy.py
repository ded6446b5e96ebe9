"""What is shipped for operators of a monitor: the unit starts it as it is, and alerts name figures
that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, generate_latest

from ledger.audit.monitor.figures import Figures, Known
from ledger.audit.monitor.items import Name
from ledger.audit.monitor.rounds import Round
from ledger.cli.monitor import monitor
from tests.audit.monitor.watched import Watched

DEPLOY = Path(__file__).parents[3] / "gateway" / "deploy"
NAME = re.compile(r"\bcredit_ledger_monitor_\w+")


def names(watched: Watched) -> set[str]:
    """Of everything that is ever shown."""
    with watched.monitor() as made:
        made.once()
        figures = made.figures
        known: Known = figures._known  # type: ignore[assignment]
    figures.put(
        Known(
            round=known.round,
            counts={**known.counts, "finding/node-down": 1, "event/Anchored": 1},
            standing=(Name("node-down", "", "node/a"),),
            anchored=known.anchored,
            members=known.members,
            replay=0,
        )
    )
    return shown(figures)


def shown(figures: Figures) -> set[str]:
    registry = CollectorRegistry()
    registry.register(figures)
    lines = generate_latest(registry).decode().splitlines()
    return {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


def test_alerts_name_figures_that_there_are(watched: Watched) -> None:
    document = yaml.safe_load((DEPLOY / "prometheus" / "monitor.yml").read_text("utf-8"))
    rules: list[dict[str, Any]] = [rule for group in document["groups"] for rule in group["rules"]]
    there = names(watched)
    for rule in rules:
        found = set(NAME.findall(rule["expr"]))
        assert found, rule["alert"]
        assert found <= there, (rule["alert"], found - there)
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "summary_zh", "remedy", "remedy_zh"}
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_nothing_is_shown_before_the_first_round() -> None:
    assert shown(Figures()) == set()
    figures = Figures()
    figures.put(Known(round=Round(began=1, ended=2, problem="no-node")))
    assert "credit_ledger_monitor_chain_readable" in shown(figures)


def test_the_unit_starts_a_monitor(tmp_path: Path) -> None:
    unit = (DEPLOY / "systemd" / "credit-ledger-monitor.service").read_text("utf-8")
    [line] = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    program, group, command, *words = shlex.split(line)
    assert (Path(program).name, group, command) == ("credit-ledger", "audit", "monitor")
    secret = tmp_path / "webhook-secret"
    secret.write_text("")
    words[words.index("webhook-secret")] = str(secret)
    given = monitor.make_context("monitor", words).params
    assert str(given["state"]) == "/var/lib/credit-ledger-monitor"
    assert "StateDirectory=credit-ledger-monitor\n" in unit
    # A comment behind a value would be part of it.
    assert not re.search(r"^\w+=.*[ \t]#", unit, re.MULTILINE)
