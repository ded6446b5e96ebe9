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
MONITOR: dict[str, Series] = {
    "MonitorGone": {"monitor_round_time_seconds": STANDS},
    "MonitorBlind": {"monitor_chain_readable": turns(1, 0)},
    "MonitorError": {'monitor_findings{code="log-stopped",severity="error"}': turns(0, 1)},
    "MonitorNews": {'monitor_told_total{code="log-stopped",kind="finding"}': grows(1)},
    "MonitorWarning": {'monitor_findings{code="node-down",severity="warning"}': turns(0, 1)},
    "MonitorNodes": {'monitor_node_up{node="a"}': turns(1, 0)},
    "MonitorUndelivered": {"monitor_webhooks_waiting": turns(0, 30)},
    "MonitorReplay": {"monitor_replay_exit": turns(0, 1)},
}
"""The same of a monitor."""


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
    for path in (ALERTS, ALERTS.with_name("monitor.yml")):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    text = filled(PROMETHEUS, {"CODE": "110000", "OPERATOR_PORT": "9546"})
    (tmp_path / "prometheus.yml").write_text(text, "utf-8")
    return tmp_path


def promtool(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["promtool", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def rules_hold(folder: Path, file: str, tests: list[dict[str, Any]]) -> tuple[int, str]:
    made = {"rule_files": [file], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yml").write_text(json.dumps(made))
    return promtool(folder, "test", "rules", "tests.yml")


def test_prometheus_takes_settings_and_rules(folder: Path) -> None:
    code, told = promtool(folder, "check", "config", "prometheus.yml")
    assert code == 0, told
    rules = (folder / "alerts.yml").read_text("utf-8")
    (folder / "alerts.yml").write_text(rules.replace("group_right", "group_wrong"), "utf-8")
    assert promtool(folder, "check", "rules", "alerts.yml")[0] != 0


@pytest.mark.parametrize(("file", "cases"), [("alerts.yml", CASES), ("monitor.yml", MONITOR)])
def test_each_rule_fires_and_keeps_quiet(folder: Path, file: str, cases: dict[str, Series]) -> None:
    document = yaml.safe_load((folder / file).read_text("utf-8"))
    names = [rule["alert"] for group in document["groups"] for rule in group["rules"]]
    assert sorted(names) == sorted(f"CreditLedger{name}" for name in cases)
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
        for alert, series in cases.items()
    ]
    code, told = rules_hold(folder, file, tests)
    assert code == 0, told


@pytest.mark.parametrize(
    ("file", "alert", "series"),
    [
        ("alerts.yml", "Timeouts", 'timeouts_total{kind="peer"}'),
        ("alerts.yml", "Errors", 'http_requests_total{route="/",status="500"}'),
        ("monitor.yml", "MonitorNews", 'monitor_told_total{code="log-stopped",kind="finding"}'),
    ],
)
def test_what_happens_for_the_first_time_is_told(
    folder: Path, file: str, alert: str, series: str
) -> None:
    """There is no figure of it before, so nothing has increased. For a while, as of any other."""
    happened = {
        "interval": "1m",
        "input_series": [{"series": full(series), "values": f"_x{QUIET} 1x{LOUD}"}],
        "promql_expr_test": [
            firing(alert, QUIET - 1, 0),
            firing(alert, QUIET + 5, 1),
            firing(alert, QUIET + 60, 0),
        ],
    }
    code, told = rules_hold(folder, file, [happened])
    assert code == 0, told


def test_a_chain_without_fees_is_no_empty_payer(folder: Path) -> None:
    free = {
        "interval": "1m",
        "input_series": [{"series": full("payer_wei"), "values": f"0x{QUIET}"}],
        "promql_expr_test": [firing("PayerLow", QUIET, 0)],
    }
    code, told = rules_hold(folder, "alerts.yml", [free])
    assert code == 0, told
