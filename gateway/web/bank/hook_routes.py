"""`/bank/webhooks…`: where changes are sent to programs, and what could not be delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.web.bank.common import HEX, base, status_of, wrong_of
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit
from gateway.webhooks.routes import WebhookDesk
from ledger.core.errors import InputError

router = page_router()
Name = Annotated[str, Path(alias="webhook", pattern="^[0-9a-f]{32}$")]
Why = Annotated[str, Query(pattern="^[a-z0-9-]{0,32}$")]
Of = Annotated[str, Query(pattern="^([0-9a-f]{32})?$")]
_RECORDS = {
    "zh": "每行一个 64 位十六进制的记录编号",
    "en": "a record id of 64 hexadecimal digits on each line",
}


@router.get("/bank/webhooks")
async def listed(visit: Signed, done: str = "", why: Why = "", of: Of = "") -> Response:
    """One's own endpoints. why, of: what became of a test message, and of which."""
    return await _list(visit, done=done, why=why, of=of)


@router.post("/bank/webhooks")
async def add(visit: Signed) -> Response:
    """A new one; its secret stands on the page that answers, and nowhere else."""
    form = await visit.form()
    given = {"url": str(form.get("url", ""))[:2000].strip()}
    given["records"] = str(form.get("records", ""))[:70_000].strip()
    try:
        body: dict[str, Any] = {"url": given["url"]}
        if names := given["records"].split():
            if not all(HEX.fullmatch(one) for one in names):
                raise InputError("records", "body-form", _RECORDS)
            body["records"] = names
        made = await visit.ask("POST", "/v1/webhooks", json=body)
    except (InputError, Refused) as error:
        return await _list(visit, error=error, given=given)
    return await _list(visit, secret=made["secret"])


@router.get("/bank/webhooks/{webhook}")
async def show(visit: Signed, name: Name) -> Response:
    """What could not be delivered to one."""
    letters = await visit.get(f"/v1/webhooks/{name}/dead-letters")
    hooks = await visit.get("/v1/webhooks")
    one = next(each for each in hooks["items"] if each["id"] == name)
    told = [each | {"about": _about(each)} for each in letters["items"]]
    values = base(visit, "webhooks") | {"one": one, "letters": told}
    return visit.page("bank/letters.html", **values)


@router.post("/bank/webhooks/{webhook}/test")
async def test(visit: Signed, name: Name) -> Response:
    """Send a message that says nothing, now."""
    await visit.form()
    try:
        told = await visit.ask("POST", f"/v1/webhooks/{name}/test")
    except Refused as error:
        return await _list(visit, error=error)
    done = "tested" if told["delivered"] else f"undelivered&why={quote(told['code'])}"
    return visit.go(f"/bank/webhooks?done={done}&of={name}")


@router.post("/bank/webhooks/{webhook}/retry")
async def retry(visit: Signed, name: Name) -> Response:
    """Send again what could not be delivered."""
    await visit.form()
    await visit.ask("POST", f"/v1/webhooks/{name}/retry")
    return visit.go("/bank/webhooks?done=retried")


@router.post("/bank/webhooks/{webhook}/rotate")
async def rotate(visit: Signed, name: Name) -> Response:
    """A new secret, shown on the page that answers."""
    await visit.form()
    made = await visit.ask("POST", f"/v1/webhooks/{name}/rotate")
    return await _list(visit, secret=made["secret"], former=made["formerUntil"], of=name)


@router.post("/bank/webhooks/{webhook}/remove")
async def remove(visit: Signed, name: Name) -> Response:
    """Send nothing there any more."""
    await visit.form()
    await visit.ask("DELETE", f"/v1/webhooks/{name}")
    return visit.go("/bank/webhooks?done=removed")


def _about(letter: Mapping[str, Any]) -> dict[str, str]:
    """The record or the followed subject that a message is about; empty: neither."""
    data = json.loads(letter["body"])["data"]
    return {name: str(data.get(name, "")) for name in ("record", "subject")}


async def _again(visit: Visit) -> Mapping[str, int]:
    """How many messages are on their way once more, by endpoint."""
    desk: WebhookDesk = visit.request.app.state.webhooks
    assert visit.caller is not None  # noqa: S101 - for the type checker: pages here are signed in
    return await run_in_threadpool(desk.webhooks.on_their_way, visit.caller)


async def _list(
    visit: Visit,
    *,
    done: str = "",
    why: str = "",
    of: str = "",
    secret: str | None = None,
    former: str | None = None,
    error: InputError | Refused | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    values = base(visit, "webhooks") | {
        "hooks": (await visit.get("/v1/webhooks"))["items"],
        "again": await _again(visit),
        "secret": secret,
        "former": former,
        "why": why,
        "of": of,
        "given": {"url": "", "records": ""} | (given or {}),
        "done": done,
        "wrong": None if error is None else wrong_of(error),
    }
    return visit.page("bank/webhooks.html", status=status_of(error), **values)
