"""What operators watch: their own port, its figures, the alerts and the page made of them."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml  # type: ignore[import-untyped]

from gateway.about.operator import operator_port
from gateway.anchoring.progress import overdue_promises
from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.db import begin_write
from gateway.base.metrics import WORKER_FAILURES
from gateway.base.settings import HttpSettings
from gateway.devnet import plain
from gateway.jobs.models import jobs
from gateway.jobs.services import open_job
from gateway.log.models import pending, promises
from gateway.node import Node
from gateway.statuses.models import acknowledgements
from ledger.chain.network import Hash32
from ledger.chain.nodes.blocks import Block
from ledger.chain.nodes.heights import NodeState
from ledger.core.errors import ConfigError
from ledger.core.keys import Purpose
from tests.gateway.intake.material import row
from tests.support.anchors import put_anchor
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.node import LOG_ID, MEMBER, make_facts, make_test_node, without

DEPLOY = Path(__file__).parents[3] / "gateway" / "deploy"
DAY = 86_400


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


def figures(node: Node) -> dict[str, float]:
    """name{labels} -> value, as the operator's port has them."""
    with operator_port(HttpSettings(operator_port=0), node.collector) as port:
        text = plain.get(f"http://127.0.0.1:{port}/metrics", timeout=300).text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_on_their_port_alone(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, http={"port": 0, "operator_port": 0})
    client = Client(create_app(node))
    assert client.get("/metrics").status_code == 404
    assert "/metrics" not in client.get("/openapi.json").json()["paths"]
    assert client.get("/docs").status_code == 200
    assert figures(node)["credit_ledger_database_up"] == 1
    node.close()


def test_production_shows_none_to_everybody(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    node = make_test_node(
        tmp_path,
        env="production",
        key_password_file=tmp_path / "password",
        http={"port": 0},
        files={"processes": 1},
    )
    assert Client(create_app(node)).get("/metrics").status_code == 404
    node.close()


def test_a_port_in_use_is_named(node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = HttpSettings(operator_port=taken.getsockname()[1])
        with pytest.raises(ConfigError) as caught, operator_port(settings, node.collector):
            raise AssertionError("listening")
    assert caught.value.setting == "http.operator_port"


def test_the_database_away_hides_no_other_figure(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.ctx.health.chain_error = "no-node"

    def away() -> None:
        raise sa.exc.OperationalError("", {}, OSError())

    monkeypatch.setattr(node.ctx.engine, "connect", away)
    found = figures(node)
    assert found["credit_ledger_database_up"] == 0
    assert found['credit_ledger_chain_error{code="no-node"}'] == 1
    assert "credit_ledger_pending_entries" not in found


def test_overdue_promises(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3, 5)])
    with node.ctx.engine.connect() as connection:
        due = list(connection.scalars(sa.select(promises.c.due)))
        assert [overdue_promises(connection, at) for at in (due[0], max(due) + 1)] == [0, 2]
    put_anchor(node, 0, 3)
    with node.ctx.engine.connect() as connection:
        assert overdue_promises(connection, max(due) + 1) == 1
    node.logs.step()
    put_anchor(node, 3, 5)
    node.ctx.clock = Clock(fixed=datetime.fromtimestamp(max(due) + 1, UTC))
    assert figures(node)["credit_ledger_overdue_promises"] == 0


def test_a_closed_log_is_nothing_to_wait_for(node: Node) -> None:
    """What is stranded in it is logged again elsewhere: nobody is called for it for ever."""
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    put_anchor(node, 0, 2)
    node.ctx.clock = Clock(fixed=datetime.fromtimestamp(2_000_000_000, UTC))
    name = f'credit_ledger_newest_anchor_age_seconds{{log="{LOG_ID.hex()}"}}'
    assert figures(node)["credit_ledger_overdue_promises"] == 1
    assert name in figures(node)
    node.logs.close({LOG_ID: 2})
    assert figures(node)["credit_ledger_overdue_promises"] == 0
    assert name not in figures(node)


def test_age_of_the_newest_anchor(node: Node) -> None:
    assert not [name for name in figures(node) if "anchor_age" in name]
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    put_anchor(node, 0, 2)
    put_anchor(node, 2, 3)
    node.ctx.clock = Clock(fixed=datetime.fromtimestamp(1_800_000_103, UTC))
    name = f'credit_ledger_newest_anchor_age_seconds{{log="{LOG_ID.hex()}"}}'
    assert figures(node)[name] == 100


def test_nodes_of_the_chain(node: Node) -> None:
    assert not [name for name in figures(node) if name.startswith("credit_ledger_node_")]
    away = NodeState(name="http://b.example:8545", error="no-node")
    node.ctx.health.nodes = (NODE, away)
    found = figures(node)
    shown = {name: value for name, value in found.items() if "credit_ledger_node_" in name}
    assert shown == {
        'credit_ledger_node_up{node="http://a.example:8545"}': 1,
        'credit_ledger_node_up{node="http://b.example:8545"}': 0,
        'credit_ledger_node_height{node="http://a.example:8545"}': 17,
        'credit_ledger_node_block_time_seconds{node="http://a.example:8545"}': 99,
    }


def test_days_to_the_end_of_a_key(node: Node) -> None:
    now = node.ctx.clock.seconds()
    facts = without(make_facts(node.signing.keys), Purpose.NOTE, not_after=now + 10 * DAY + 60)
    node.chain.put(without(facts, Purpose.PRESENT, compromised_since=now - 1))
    found = figures(node)
    assert found['credit_ledger_key_days{purpose="NOTE"}'] == 10
    assert found['credit_ledger_key_days{purpose="PRESENT"}'] == 0
    assert found['credit_ledger_key_days{purpose="ANCHOR"}'] > 10_000
    node.chain.put(replace(facts, keys=()))
    assert figures(node)['credit_ledger_key_days{purpose="ANCHOR"}'] == 0


def test_queues_and_quarantine(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(pending).values(error="damaged"))
        for at, state in enumerate(("receiving", "queued", "running", "done", "failed")):
            open_job(connection, f"{at:032}", "file", f"{at:032}")
            change = sa.update(jobs).where(jobs.c.id == f"{at:032}").values(state=state)
            connection.execute(change)
    found = figures(node)
    assert found["credit_ledger_files_waiting"] == 2
    assert found["credit_ledger_quarantined_promises"] == 1
    assert found["credit_ledger_pending_entries"] == 3


# ---- alerts and page

NAME = re.compile(r"\bcredit_ledger_\w+")
OF_PROMETHEUS = {"CreditLedgerAway"}
"""That look at what a scrape itself says."""
BLOCK = Block(
    number=17, hash=Hash32("0x" + "aa" * 32), parent=Hash32("0x" + "ab" * 32), time=99, base_fee=0
)
NODE = NodeState(name="http://a.example:8545", block=BLOCK)


def known(node: Node) -> set[str]:
    """Names of all series, those of a busy gateway too."""
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    node.logs.step()
    put_anchor(node, 0, 3)
    Client(create_app(node)).get("/healthz")
    with begin_write(node.ctx.engine) as connection:  # as a look at the chain does
        connection.execute(acknowledgements.insert().values(member=MEMBER, acts=0))
    node.ctx.health.payer_balance = 1  # as a look at the chain does
    node.ctx.health.nodes = (NODE,)  # likewise
    WORKER_FAILURES.labels("integrator")  # as the start of its thread does
    return {name.partition("{")[0] for name in figures(node)}


def test_alerts_name_figures_that_there_are(node: Node) -> None:

    document = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
    rules: list[dict[str, Any]] = [rule for group in document["groups"] for rule in group["rules"]]
    assert len(rules) > 10
    names = known(node)
    for rule in rules:
        found = set(NAME.findall(rule["expr"]))
        assert found or rule["alert"] in OF_PROMETHEUS, rule["alert"]
        assert found <= names, (rule["alert"], found - names)
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "summary_zh", "remedy", "remedy_zh"}
    assert len({rule["alert"] for rule in rules}) == len(rules)


def test_the_page_names_figures_that_there_are(node: Node) -> None:
    page = json.loads((DEPLOY / "grafana" / "credit-ledger.json").read_text("utf-8"))
    names = known(node)
    shown = [
        target["expr"]
        for panel in page["panels"]
        if panel["type"] != "row"
        for target in panel["targets"]
    ]
    assert len(shown) > 10
    for expression in shown:
        found = set(NAME.findall(expression))
        assert found, expression
        assert found <= names, (expression, found - names)
