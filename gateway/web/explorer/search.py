"""`/explorer/search`: one box for everything. It goes where the input leads, or says what it could
be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.explorer.errors import NotRead
from gateway.explorer.held import Thing
from gateway.explorer.services import Explorer
from gateway.web.explorer import words
from gateway.web.explorer.pages import titles_of
from gateway.web.explorer.parts import Ledger, tried
from gateway.web.explorer.records import documents_page
from gateway.web.routing import page_router
from gateway.web.typed import day, report_number
from gateway.web.visits import Anybody, Visit
from ledger.core.report_content import is_number
from ledger.files.words import MEMBERS
from ledger.records import uscc

router = page_router()

MAX_QUERY: Final = 200
_HEX: Final = re.compile("(?:0x)?([0-9a-f]{64})")
_ORIGIN: Final = re.compile("credit-ledger/([0-9a-f]{64})")
_NUMBER: Final = re.compile("[0-9]{1,15}")
_PART: Final = re.compile("(?:0x)?([0-9a-f]{6,63})(?:…|\\.\\.\\.)?")
"""A part of an id, as pages show it."""
_MOST_NAMED: Final = 10
_MOST_MEMBERS: Final = 20
"""Whose logs are read for a part of an id."""
_CODES: Final = {name.lower(): code for code, names in MEMBERS.items() for name in names}
"""Codes of provinces by what people call them."""
_PLACES: Final = {
    Thing.LOG: "/explorer/logs/{}",
    Thing.RECORD: "/explorer/records/{}",
    Thing.VOTE: "/explorer/votes/{}",
}


@dataclass(frozen=True, slots=True)
class Match:
    """A place that the input may lead to. kind: a key of `words.MATCHES`. name: what it is called,
    where that is not what was typed."""

    kind: str
    path: str
    name: str = ""


@router.get("/explorer/search")
async def search(
    visit: Anybody, ledger: Ledger, q: Annotated[str, Query(max_length=MAX_QUERY)] = ""
) -> Response:
    """Where a link leads that names an id."""
    return await _search(visit, ledger, q)


@router.post("/explorer/search")
async def look_for(visit: Anybody, ledger: Ledger) -> Response:
    """Where the input leads. By POST: people type codes of firms and numbers of documents, and
    what is in an address stands in logs and in the memory of the browser."""
    form = await visit.form()
    return await _search(visit, ledger, str(form.get("q", ""))[:MAX_QUERY])


async def _search(visit: Visit, ledger: Explorer, q: str) -> Response:
    """Straight on where it is one place."""
    text = " ".join(q.split())
    matches, wrong = await _matches(visit, ledger, text)
    if text and not matches and wrong is None and _is_document(text):
        return await documents_page(visit, text, "")
    if len(matches) == 1 and wrong is None:
        return visit.go(matches[0].path)
    return visit.page(
        "explorer/search.html",
        q=text,
        matches=matches,
        wrong=wrong,
        is_hex=_HEX.fullmatch(text.lower()) is not None,
        is_part=_is_part(text),
        is_subject=uscc.check(uscc.normalise(text)) is None,
        words=words,
    )


async def _matches(visit: Visit, ledger: Explorer, text: str) -> tuple[list[Match], NotRead | None]:
    """What the input may mean; and why the chain could not be asked."""
    lower = text.lower()
    if (named := _HEX.fullmatch(lower) or _ORIGIN.fullmatch(lower)) is not None:
        return await _of_id(ledger, named[1])
    plain = _plain(text)
    if plain or not text or uscc.check(uscc.normalise(text)) is None:
        return plain, None
    text = _CODES.get(lower.removesuffix("市").removesuffix("省"), text)
    found, wrong = await _of_name(ledger, text)
    if _NUMBER.fullmatch(text):
        blocks, unread = await _of_block(ledger, int(text))
        return [*found, *blocks], wrong or unread
    found = found or _of_title(visit, text)
    if not found and (named := _PART.fullmatch(lower)) is not None:
        return await _of_part(ledger, named[1])
    return found, wrong


def _plain(text: str) -> list[Match]:
    """Where its form alone leads."""
    if (on := day(text)) is not None:
        return [Match("day", f"/explorer/lists?on={on}")]
    number = report_number(text)
    return [Match("report", f"/r/{number}")] if is_number(number) else []


def _is_part(text: str) -> bool:
    """Whether it can be nothing but a part of an id: bare numbers are blocks."""
    return _PART.fullmatch(text.lower()) is not None and not _NUMBER.fullmatch(text)


def _is_document(text: str) -> bool:
    """Whether it may be the number of a document: what is no id, no day, no code of a firm and no
    bare number."""
    lower = text.lower()
    named = _HEX.fullmatch(lower) or _ORIGIN.fullmatch(lower) or _NUMBER.fullmatch(text)
    return named is None and not _is_part(text) and uscc.check(uscc.normalise(text)) is not None


async def _of_id(ledger: Explorer, digits: str) -> tuple[list[Match], NotRead | None]:
    """By 64 hex digits: what is known here, then what the chain knows."""
    name = bytes.fromhex(digits)
    held = await run_in_threadpool(ledger.held.find, name)
    if held is not None:
        return [Match(held.value, _PLACES[held].format(digits))], None
    read = await tried(ledger.find(name))
    if read.value is None:
        return [], read.wrong
    thing, block = read.value
    path = f"/explorer/blocks/{block}" if block is not None else _PLACES[thing].format(digits)
    return [Match(thing.value, path)], None


async def _of_name(ledger: Explorer, text: str) -> tuple[list[Match], NotRead | None]:
    """A member or an item of the catalogue of that name."""
    if not words.is_code(text):
        return [], None
    found: list[Match] = []
    members = await tried(ledger.members())
    codes = [one["code"] for one in members.value["members"]] if members.value else []
    if text in codes:
        found.append(Match("member", f"/explorer/members/{quote(text, safe='')}"))
    name = text.partition("@")[0]
    item = await tried(ledger.item(name, 0)) if name else None
    if item is not None and item.value is not None:
        found.append(Match("item", f"/explorer/catalogue/{quote(name, safe='')}"))
    return found, members.wrong


def _of_title(visit: Visit, text: str) -> list[Match]:
    """Items of the catalogue that are called so in either language, or else have it in their
    names."""
    wanted = text.casefold()
    titles = [(name, title) for name, both in titles_of(visit) for title in both.values()]
    found = [(n, t) for n, t in titles if t.casefold() == wanted]
    found = found or [(n, t) for n, t in titles if wanted in t.casefold()]
    named = list(dict(found).items()) if len(text) > 1 else []
    return [
        Match("item", f"/explorer/catalogue/{quote(name, safe='')}", title)
        for name, title in named[:_MOST_NAMED]
    ]


async def _of_part(ledger: Explorer, digits: str) -> tuple[list[Match], NotRead | None]:
    """Logs and proposals whose ids begin so."""
    members = await tried(ledger.members())
    codes = [one["code"] for one in members.value["members"]] if members.value else []
    logs, votes = await tried(ledger.logs(codes[:_MOST_MEMBERS])), await tried(ledger.votes())
    ids = [("log", one["log"]) for one in logs.value or ()]
    ids += [("vote", one.id) for one in votes.value or ()]
    found = [
        Match(kind, _PLACES[Thing(kind)].format(name), name)
        for kind, name in dict.fromkeys(ids)
        if name.startswith(digits)
    ]
    return found[:_MOST_NAMED], members.wrong or logs.wrong or votes.wrong


async def _of_block(ledger: Explorer, number: int) -> tuple[list[Match], NotRead | None]:
    head = await tried(ledger.head())
    if head.value is None or not ledger.network.deploy_block <= number <= head.value["number"]:
        return [], head.wrong
    return [Match("block", f"/explorer/blocks/{number}")], None
