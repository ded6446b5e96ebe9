"""Whoever signs an act sees all of it, in words, and signs nothing else."""

import copy
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import case_parts
from ledger.cli.act_words import ACTIONS, BASES, act_sentence, typed_lines
from ledger.cli.case_parts import Signs
from ledger.cli.output import Refused
from ledger.core.canonical import hex0x
from ledger.core.status import Action, Basis
from tests.chain.test_typed_acts import make


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")


def test_every_action_and_basis_has_words() -> None:
    assert set(ACTIONS) == set(Action)
    assert set(BASES) == set(Basis) - {Basis.NONE}
    for text in (*ACTIONS.values(), *BASES.values()):
        assert text.keys() == {"zh", "en"}


def test_all_that_is_signed_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = make()
    [act] = typed.acts
    shown = "\n".join(typed_lines(typed))
    for part in (
        *("eip155:31337:0xa1", "110000", "correct (another record stands for it)"),
        *("2023-11-15", "basis 8 (the issuer's own check)", act.record.hex(), act.other.hex()),
        *("first recorded: 2020-09-13T12:26:40Z", "expectedVersion: 3", hex0x(act.doc)),
        *("2027-01-15T08:00:00Z", hex0x(typed.digest)),
    ):
        assert part in shown
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    assert "更正（以另一记录代替）" in act_sentence(act)


def test_numbers_without_words_are_shown_as_they_are() -> None:
    [act] = make(basis=4711, effective_at=2**64 - 1, action=Action.END).acts
    assert "from 18446744073709551615 on, basis 4711 (4711)" in act_sentence(act)


def asked(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case and its act as a node shows them."""
    typed = make()
    told = {"case": "ab" * 32, "record": typed.acts[0].record.hex()}
    act = {"act": 7, "action": "correct", "toSign": hex0x(typed.digest)}
    return told, act | {"typedData": typed.as_dict()} | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"typedData": make(basis=9).as_dict()},
        {"typedData": make(commitment=b"\x09" * 32).as_dict()},
        {"typedData": None},
        {"toSign": "0x" + "00" * 32},
        {"action": "withdraw"},
    ],
)
def test_a_node_that_shows_one_thing_and_asks_for_another(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("the key was opened")

    monkeypatch.setattr(case_parts, "open_key", never)
    told, act = asked(**changes)
    by = Signs(key=Path("key"), password_files=(), yes=True)
    with pytest.raises(Refused):
        case_parts._sign(None, told, act, by)  # type: ignore[arg-type]


def test_nothing_is_signed_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused at the question nothing is opened; with the same and a yes it is signed and sent."""
    said: list[Any] = []
    signed: list[bytes] = []

    class Signer:
        def sign_digest(self, digest: bytes) -> bytes:
            signed.append(digest)
            return b"\1" * 65

    monkeypatch.setattr(case_parts, "open_key", lambda *_: Signer())
    monkeypatch.setattr(case_parts, "send", lambda *values: said.append(copy.deepcopy(values)))
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    told, act = asked()
    by = Signs(key=Path("key"), password_files=(), yes=False)
    with pytest.raises(Refused):
        case_parts._sign(None, told, act, by)  # type: ignore[arg-type]
    assert (signed, said) == ([], [])
    case_parts._sign(None, told, act, by._replace(yes=True))  # type: ignore[arg-type]
    assert signed == [make().digest]
    assert said[0][1] == f"/v1/cases/{told['case']}/sign"
