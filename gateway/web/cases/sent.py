"""Forms with documents: read in memory, since no byte of a document touches a disk unsealed; and
kept as a draft where the interface did not take them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gateway.base.policy import Caller
from gateway.cases.drafts import Drafts
from gateway.cases.errors import CaseRefused
from gateway.cases.form import BODY_SECONDS, MAX_HEADERS
from gateway.cases.materials import MAX_DOCUMENT, MAX_TOGETHER, Material, demand_documents
from gateway.cases.routes import CaseParts
from gateway.http.multipart import MultipartForm
from gateway.http.places import Places
from gateway.http.problems import Problem
from gateway.web.visits import Visit, demand_own
from ledger.core.docs import MAX_DOCS
from ledger.core.texts import Text

MAX_FIELD: Final = 1 << 15
"""Bytes of a field: a note of 2,000 characters, four bytes each, and room."""
MAX_FIELDS: Final = 60
_DRAFT: Final = re.compile("[0-9a-f]{32}")
_places = Places(at_once=2, each=1, waiting=3, patience=60.0)
"""For forms that are held in memory: the interface holds each of them once more."""
_WANTED: Final[Text] = {
    "zh": "请重新打开页面，填写后再提交",
    "en": "Open the page anew, fill it in and send it again",
}
_TOO_LARGE: Final[Text] = {
    "zh": f"每份材料不超过 {MAX_DOCUMENT >> 20} MB，合计不超过 {MAX_TOGETHER >> 20} MB，"
    f"最多 {MAX_DOCS} 份",
    "en": f"A document has at most {MAX_DOCUMENT >> 20} MB, all together {MAX_TOGETHER >> 20} MB;"
    f" there are at most {MAX_DOCS}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was sent. values: fields, each the last one of its name, without blanks around. many:
    all values of a name. docs: kept ones of before first."""

    values: Mapping[str, str]
    many: Mapping[str, Sequence[str]]
    docs: tuple[Material, ...]
    draft: str

    def given(self, *names: str) -> dict[str, Any]:
        """Those of these fields that were filled in."""
        return {name: self.values[name] for name in names if self.values.get(name)}


class _Form(MultipartForm):
    """A page's form."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type, wanted=_WANTED, max_headers=MAX_HEADERS)
        self.fields: list[tuple[str, bytearray]] = []
        self.docs: list[tuple[str, bytearray]] = []
        self._most = 0

    def part(self, name: bytes, file_name: str) -> bytearray:
        """See `MultipartForm`: documents are called `doc`."""
        target = bytearray()
        if name == b"doc":
            self.docs.append((file_name, target))
            self._most = MAX_DOCUMENT
            if len(self.docs) > MAX_DOCS:
                raise Problem("too-many-documents", _TOO_LARGE)
            return target
        self.fields.append((name.decode("utf-8", "replace"), target))
        self._most = MAX_FIELD
        if len(self.fields) > MAX_FIELDS:
            raise self.not_the_form()
        return target

    def received(self) -> None:
        """See `MultipartForm`."""
        together = sum(len(content) for _, content in self.docs)
        if len(self.target) > self._most or together > MAX_TOGETHER:
            raise Problem("document-too-large", _TOO_LARGE)


def drafts_of(request: Request) -> Drafts:
    """Where documents of forms are kept that were not taken."""
    parts: CaseParts = request.app.state.case_parts
    return parts.drafts


@asynccontextmanager
async def sent(visit: Visit, caller: Caller) -> AsyncIterator[Form]:
    """The form that a page of ours sent, for as long as it is worked on. Raises Problem."""
    demand_own(visit.request)
    async with _places.hold(str(caller.id)):
        read = _Form(visit.request.headers.get("content-type", ""))
        await read.read(visit.request.stream(), seconds=BODY_SECONDS)
        many: dict[str, list[str]] = {}
        for name, data in read.fields:
            many.setdefault(name, []).append(data.decode("utf-8", "replace").strip())
        values = {name: found[-1] for name, found in many.items()}
        texts = [(name, value) for name, found in many.items() for value in found]
        visit.demand_csrf(values.get("csrf", ""), texts, files=any(data for _, data in read.docs))
        draft = values.get("draft", "")
        draft = draft if _DRAFT.fullmatch(draft) else ""
        before: tuple[Material, ...] = ()
        if draft:
            before = await run_in_threadpool(drafts_of(visit.request).read, caller.id, draft)
        kept = [one for n, one in enumerate(before) if str(n) in many.get("keep", ())]
        new = [Material(name=name, data=bytes(data)) for name, data in read.docs if name or data]
        yield Form(values=values, many=many, docs=(*kept, *new), draft=draft)


async def hand_in(visit: Visit, path: str, value: Mapping[str, Any], form: Form) -> Any:
    """Send what a form says to the interface, with its documents; its answer. The draft that it
    came from is forgotten. Raises Refused."""
    if form.docs:
        parts: list[Any] = [("case", (None, orjson.dumps(value)))]
        parts += [("doc", (one.name, one.data)) for one in form.docs]
        answer = await visit.ask("POST", path, files=parts)
    else:
        answer = await visit.ask("POST", path, json=dict(value))
    if form.draft and visit.caller is not None:
        await run_in_threadpool(drafts_of(visit.request).drop, visit.caller.id, form.draft)
    return answer


async def keep(visit: Visit, caller: Caller, form: Form) -> Mapping[str, Any]:
    """What a page shows once more of a form that was not taken: `given`, `draft` and `kept`, the
    documents that need not be uploaded again; those that can never be taken are left out."""
    good = [one for one in form.docs if _is_good(one)]
    draft = ""
    if good:
        draft = await run_in_threadpool(drafts_of(visit.request).keep, caller.id, good)
    if form.draft:
        await run_in_threadpool(drafts_of(visit.request).drop, caller.id, form.draft)
    kept = [{"name": one.name, "size": len(one.data)} for one in good]
    return {"given": form.values, "draft": draft, "kept": kept}


def _is_good(one: Material) -> bool:
    try:
        demand_documents([one])
    except CaseRefused:
        return False
    return True


NOTHING: Final[Mapping[str, Any]] = {"given": {}, "draft": "", "kept": ()}
"""Of a form that was not sent yet."""


async def begun(visit: Visit) -> Mapping[str, Any]:
    """What a form shows that was not sent: nothing, or where a session ended meanwhile the
    documents that were uploaded before."""
    typed = () if visit.again is None else visit.again.carried.fields
    draft = next((value for name, value in typed if name == "draft"), "")
    if visit.caller is None or not _DRAFT.fullmatch(draft):
        return NOTHING
    docs = await run_in_threadpool(drafts_of(visit.request).read, visit.caller.id, draft)
    kept = [{"name": one.name, "size": len(one.data)} for one in docs]
    return {**NOTHING, "draft": draft, "kept": kept} if kept else NOTHING
