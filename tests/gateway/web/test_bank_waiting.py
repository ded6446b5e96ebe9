"""A question while a province is silent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI

from gateway.node import Node
from gateway.web.bank import ask_routes, words
from gateway.web.bank.runs import Run
from tests.gateway.intake.material import new_token
from tests.gateway.web.visitor import Visitor


def member(code: str, state: str, records: int | None = None) -> dict[str, Any]:
    name = words.member_name(code)
    return {"member": code, "state": state, "records": records, "name": name, "why": None}


def run_of(node: Node, app: FastAPI, lang: str = "en") -> tuple[Visitor, Run]:
    shown = new_token(node, "read", department=None)
    caller = node.holders.find(shown)
    assert caller is not None
    told = {"code": "91110000600037341L", "purpose": "pre-loan"}
    run = Run(id="0" * 32, token=caller.id, kind="question", told=told)
    app.state.bank_runs._runs[run.id] = run
    return Visitor(app, lang).sign_in(shown), run


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("3 of 4 provinces have answered, with 5 records", "Still waited for: Shanxi")),
        ("zh", ("4 个省份中已有 3 个答复，共 5 条记录", "仍在等待：山西")),
    ],
)
def test_the_others_have_answered(
    node: Node, app: FastAPI, lang: str, words: tuple[str, str]
) -> None:
    """It is said at once, with how to look again; not before one has, nor once all have."""
    visitor, run = run_of(node, app, lang)
    page = f"/bank/asking/{run.id}"
    for code in ("110000", "120000", "130000", "140000"):
        run.members[code] = member(code, "asked")
    assert words[0] not in re.sub("<[^>]+>", "", visitor.get(page).text)
    for code, records in (("110000", 0), ("120000", 5), ("130000", 0)):
        run.members[code] = member(code, "answered", records)
    text = visitor.get(page).text
    shown = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", text))
    assert all(one in shown for one in words), shown
    assert f'href="{page}"' in text
    run.members["140000"] = member("140000", "missing")
    run.members["140000"]["why"] = {"zh": "无答复", "en": "no answer"}
    assert words[0] not in re.sub("<[^>]+>", "", visitor.get(page).text)


def test_the_form_waits_some_seconds(
    node: Node, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a script too: then its page tells who is waited for."""
    visitor, run = run_of(node, app)
    monkeypatch.setattr(ask_routes, "PATIENCE", 0.01)
    monkeypatch.setattr(ask_routes, "_begin", lambda *_: run)
    form = {"code": "91110000600037341L", "purpose": "pre-loan", "matter": "loan"}
    answer = visitor.post("/bank/ask/send", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bank/asking/{run.id}")


@pytest.mark.parametrize("path", ["/bank/asking/", "/bank/checks/"])
@pytest.mark.parametrize(("lang", "words"), [("en", "at another one"), ("zh", "另一个网关")])
def test_a_run_of_another_gateway(
    node: Node, app: FastAPI, path: str, lang: str, words: str
) -> None:
    """Its page says why it is not here, and where the question is."""
    visitor, run = run_of(node, app, lang)
    app.state.bank_runs._runs.clear()
    answer = visitor.get(path + run.id)
    assert (answer.status_code, words in answer.text) == (404, True)
