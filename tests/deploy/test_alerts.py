"""The alerting rules as Prometheus reads them: each fires when it should, and keeps quiet when all
is well."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from gateway.commands.init_files import ALERTS, PROMETHEUS, filled

QUIET, LOUD = 150, 240
"""Minutes for which all is well, and then not: above each rule's own."""
LABELS = {"instance": "gateway", "job": "credit-ledger-110000"}
KEEPS = f"0+60x{QUIET + LOUD}"
"""A time that goes on with the clock."""
STANDS = f"0+60x{QUIET} {QUIET * 60}x{LOUD}"
RUNS_AHEAD = f"0+60x{QUIET} {(QUIET + 1) * 60 + 30}+60x{LOUD}"

Series = dict[str, str]
"""Name with further labels: its values, minute by minute."""


def turns(well: object, ill: object) -> str:
    """One value, and then another."""
    return f"{well}x{QUIET} {ill}x{LOUD}"


def grows(each: int) -> str:
    """A counter that stands, and then grows so much in a minute."""
    return f"0x{QUIET} 0+{each}x{LOUD}"


CASES: dict[str, Series] = {
    "Away": {"up": turns(1, 0)},
    "DatabaseAway": {"database_up": turns(1, 0)},
    "Fault": {"fault": turns(0, 1)},
    "OverduePromises": {"overdue_promises": turns(0, 3)},
    "ContentKeyMissing": {"content_keys_missing": turns(0, 1)},
    "NotAnchoring": {
        'newest_anchor_age_seconds{log="a"}': turns(9000, 9000),
        'log_size{log="a"}': turns(5, 6),
        'anchored_size{log="a"}': turns(5, 5),
    },
    "NobodyAnchors": {"anchoring": turns(1, 0)},
    "ChainError": {'chain_error{code="no-node"}': turns(0, 1)},
    "ChainStands": {'node_block_time_seconds{node="a"}': STANDS},
    "NodeAway": {'node_up{node="a"}': turns(1, 0)},
    "NodeBehind": {
        'node_height{node="a"}': KEEPS,
        'node_height{node="b"}': STANDS,
    },
    "ChainAhead": {'node_block_time_seconds{node="a"}': RUNS_AHEAD},
    "AnchorError": {'anchor_error{code="payer-empty"}': turns(0, 1)},
    "StatusesError": {'statuses_error{code="acts-unclear"}': turns(0, 1)},
    "ActsBehind": {'acts_behind{member="120000"}': turns(0, 2)},
    "ActsHeld": {'case_acts{state="held"}': turns(0, 1)},
    "RevocationsWait": {"revocations_waiting": turns(0, 1)},
    "ProductActsHeld": {"product_acts_held": turns(0, 1)},
    "CasesOverdue": {"cases_overdue": turns(0, 1)},
    "ActsRefused": {"cases_refused": turns(0, 1)},
    "PayerLow": {"payer_wei": turns(10**18, 10**14)},
    "Timeouts": {'timeouts_total{kind="chain"}': grows(1)},
    "Quarantine": {"quarantined_promises": turns(0, 1)},
    "KeyEnds": {'key_days{purpose="NOTE"}': turns(300, 20)},
    "KeyEnded": {'key_days{purpose="NOTE"}': turns(300, 0)},
    "Queue": {"pending_entries": turns(5000, 200_000)},
    "FilesWait": {"files_waiting": turns(5, 60)},
    "WorkerFails": {'worker_failures_total{worker="anchorer"}': grows(10)},
    "WorkerDies": {"worker_deaths_total": grows(1)},
    "WebhookDeadLetters": {"webhook_dead_letters": turns(0, 1)},
    "WebhookDisabled": {"webhooks_disabled": turns(0, 1)},
    "CalendarEnds": {"calendar_days": turns(100, 50)},
    "FileRefused": {'file_refused{file="who"}': turns(0, 1)},
    "Errors": {'http_requests_total{status="500"}': grows(1)},
}
"""Alert, without what all begin with: figures, without that too."""


def full(series: str) -> str:
    """With the labels that a scrape gives, and our prefix."""
    name, _, more = series.partition("{")
    own = dict(pair.split("=") for pair in more.rstrip("}").split(",") if pair)
    labels = own | {label: f'"{value}"' for label, value in LABELS.items()}
    shown = ",".join(f"{label}={value}" for label, value in labels.items())
    return f"{name if name == 'up' else f'credit_ledger_{name}'}{{{shown}}}"


def firing(alert: str, minute: int, number: int) -> dict[str, Any]:
    """That so many alerts of a name fire at that minute."""
    expr = f'count(ALERTS{{alertname="CreditLedger{alert}",alertstate="firing"}}) or vector(0)'
    sample = {"labels": "{}", "value": number}
    return {"expr": expr, "eval_time": f"{minute}m", "exp_samples": [sample]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As `gateway deploy-files` writes it."""
    (tmp_path / "alerts.yml").write_text(ALERTS.read_text("utf-8"), "utf-8")
    text = filled(PROMETHEUS, {"CODE": "110000", "OPERATOR_PORT": "9546"})
    (tmp_path / "prometheus.yml").write_text(text, "utf-8")
    return tmp_path


def promtool(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["promtool", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_prometheus_takes_the_rules_of_a_monitor(folder: Path) -> None:
    code, told = promtool(folder, "check", "rules", str(ALERTS.with_name("monitor.yml")))
    assert code == 0, told


def test_prometheus_takes_settings_and_rules(folder: Path) -> None:
    code, told = promtool(folder, "check", "config", "prometheus.yml")
    assert code == 0, told
    rules = (folder / "alerts.yml").read_text("utf-8")
    (folder / "alerts.yml").write_text(rules.replace("group_right", "group_wrong"), "utf-8")
    assert promtool(folder, "check", "rules", "alerts.yml")[0] != 0


def test_each_rule_fires_and_keeps_quiet(folder: Path) -> None:
    document = yaml.safe_load((folder / "alerts.yml").read_text("utf-8"))
    names = [rule["alert"] for group in document["groups"] for rule in group["rules"]]
    assert sorted(names) == sorted(f"CreditLedger{name}" for name in CASES)
    tests = [
        {
            "name": alert,
            "interval": "1m",
            "input_series": [
                {"series": full(name), "values": values} for name, values in series.items()
            ],
            "promql_expr_test": [
                firing(alert, QUIET, 0),
                firing(alert, QUIET + LOUD, 1),
            ],
        }
        for alert, series in CASES.items()
    ]
    made = {"rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yml").write_text(json.dumps(made))
    code, told = promtool(folder, "test", "rules", "tests.yml")
    assert code == 0, told


def test_a_chain_without_fees_is_no_empty_payer(folder: Path) -> None:
    made = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": full("payer_wei"), "values": f"0x{QUIET}"}],
                "promql_expr_test": [firing("PayerLow", QUIET, 0)],
            }
        ],
    }
    (folder / "tests.yml").write_text(json.dumps(made))
    code, told = promtool(folder, "test", "rules", "tests.yml")
    assert code == 0, told
