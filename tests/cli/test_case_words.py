"""Cases in words: each name that a node says has one, and every help says how it is used."""

from collections.abc import Iterator
from typing import get_args

import click
import pytest

from gateway.cases.stages import NATIONAL
from ledger.cli import case_words as words
from ledger.cli.case import case
from ledger.cli.record import record
from ledger.core.case import ACTS
from ledger.core.case_chain import ACTIONS, CaseState, Kind
from ledger.core.commitment import CLASSES
from ledger.core.status import Basis
from ledger.records.rule_tables import StageName

PROPOSED = {"proposal": 12, "act": "grant", "class": "general", "basis": 2, "day": "2026-11-30"}


def commands() -> Iterator[tuple[str, click.Command]]:
    for group in (case, record):
        for name, command in group.commands.items():
            yield f"{group.name} {name}", command


def test_every_name_has_words() -> None:
    assert set(words.KINDS) == set(Kind)
    assert set(words.STATES) == {*CaseState, words.PROPOSED, words.SENT_BACK}
    assert set(words.STEPS) == ACTS
    assert set(words.STAGES) >= {*get_args(StageName), NATIONAL}
    assert set(words.CLASSES) == set(CLASSES)
    actions = {action.name.lower() for some in ACTIONS.values() for action in some}
    assert set(words.ACTIONS) == actions | {"settle"}


def test_a_name_of_a_newer_node_is_shown_as_it_is() -> None:
    assert words.word(words.STATES, "postponed") == "postponed"
    assert words.word(words.STAGES, None) is None


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh", "第 12 号 · 准予修复 · 失信程度 一般 · 依据 2 36 号令 · 生效日 2026-11-30"),
        ("en", "proposal 12 · repair granted · class general · basis 2 Order 36 · from 2026-11-30"),
    ],
)
def test_what_is_proposed(monkeypatch: pytest.MonkeyPatch, language: str, told: str) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", language)
    assert words.proposal_text(PROPOSED) == told
    assert words.basis_text(99) == "99"


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_help_has_an_example_and_exit_codes(name: str, command: click.Command) -> None:
    told = command.get_help(click.Context(command, info_name=name))
    assert f"credit-ledger {name}" in told
    assert "退出码" in told or "Exit codes" in told
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    assert [name for name, option in options.items() if not option.help] == []
    if "basis" in options:
        assert all(f"{int(basis)} " in str(options["basis"].help) for basis in Basis if basis)
