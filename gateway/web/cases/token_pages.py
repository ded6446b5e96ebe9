"""`/desk/tokens`: the access tokens of one's department."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.base.policy import SCOPES
from gateway.http.problems import Problem
from gateway.web.fields import SCOPES as SCOPES_IN_WORDS
from gateway.web.routing import page_router
from gateway.web.visits import Refused, Signed, Visit, told_of
from ledger.core.texts import Text

SCOPE_WORDS: Final[Mapping[str, Text]] = {
    "submit": {
        "zh": "报送：记录、文件，申请修复和异议",
        "en": "hand in: records, files, repairs and objections",
    },
    "read": {"zh": "查看：记录、案件、清单", "en": "read: records, cases, lists"},
    "decide": {
        "zh": "提出决定（须另一人放行）",
        "en": "propose decisions, which another person releases",
    },
    "release": {"zh": "放行他人提出的决定", "en": "release what another person proposed"},
    "consent": {"zh": "办理授权书", "en": "keep authorisations"},
    "product": {"zh": "数据产品", "en": "products made of records"},
    "admin": {"zh": "全部权限，并签发令牌", "en": "all of it, and issue tokens"},
}
_NOTHING_CHOSEN: Final[Text] = {
    "zh": "请至少勾选一项权限",
    "en": "Tick at least one thing that the person may do",
}

router = page_router()


@router.get("/desk/tokens")
async def tokens(visit: Signed) -> Response:
    """Those that there are, and issuing one."""
    return await _page(visit)


@router.post("/desk/tokens")
async def issue(visit: Signed) -> Response:
    """Issue one. It is shown once, so it is in the answer itself."""
    form = await visit.form()
    given = {name: str(form.get(name, "")).strip() for name in ("name", "department")}
    given["authorities"] = str(form.get("authorities", "")).strip()
    chosen = [str(one) for one in form.getlist("scopes")]
    value: dict[str, Any] = {"name": given["name"], "scopes": chosen}
    if given["department"]:
        value["department"] = given["department"]
    if given["authorities"]:
        value["authorities"] = given["authorities"].replace(",", " ").replace("，", " ").split()
    try:
        if not chosen:
            raise Problem("schema-invalid", _NOTHING_CHOSEN, extra={"field": "scope"})
        made = await visit.ask("POST", "/v1/tokens", json=value)
    except (Problem, Refused) as error:
        status, wrong = told_of(error)
        return await _page(visit, given=given, chosen=chosen, wrong=wrong, status=status)
    return await _page(visit, made=made)


@router.get("/desk/tokens/{number}/revoke")
async def ask_revoke(visit: Signed, number: int) -> Response:
    """What revoking one will do."""
    found = await visit.get("/v1/tokens")
    rows = [one for one in found["items"] if one["token"] == number and not one["revokedAt"]]
    if not rows:
        raise Problem("not-found")
    return visit.page("desk/token_revoke.html", one=rows[0], scope_words=SCOPE_WORDS)


@router.post("/desk/tokens/{number}/revoke")
async def revoke(visit: Signed, number: int) -> Response:
    """Revoke it."""
    await visit.form()
    await visit.ask("DELETE", f"/v1/tokens/{number}")
    return visit.go("/desk/tokens")


async def _page(
    visit: Visit,
    *,
    given: Mapping[str, str] | None = None,
    chosen: list[str] | None = None,
    wrong: Mapping[str, Any] | None = None,
    status: int = 200,
    made: Mapping[str, Any] | None = None,
) -> Response:
    found = await visit.get("/v1/tokens")
    return visit.page(
        "desk/tokens.html",
        status=status,
        rows=found["items"],
        names={one["token"]: one["name"] for one in found["items"]},
        more=found["more"],
        given={"name": "", "department": "", "authorities": "", **(given or {})},
        chosen=chosen or [],
        scopes=SCOPES,
        scope_words=SCOPE_WORDS,
        scope_names=SCOPES_IN_WORDS,
        wrong=wrong,
        made=made,
    )
