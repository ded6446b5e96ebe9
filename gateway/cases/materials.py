"""Documents handed in with a step: what they may be, and keeping them sealed.

The type is told by the first bytes, whatever the name says. Nothing is opened or shown here; a
document goes back only as a download.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from gateway.base.crypto import Box, Vault
from gateway.base.db import insert_rows
from gateway.cases.errors import CaseRefused
from gateway.cases.models import materials
from gateway.sealing.services import Boxes, Kind, drop, number
from ledger.core.docs import MAX_DOCS, MAX_NAME, Doc
from ledger.core.ids import sha256

MAX_DOCUMENT = 20 << 20
"""Bytes of one document."""
MAX_TOGETHER = 64 << 20
"""Bytes of all documents of a step, which are held in memory while they are sealed."""
SALT = 32

_PDF, _JPG = b"%PDF-", b"\xff\xd8\xff"
_PROGRAMS = (
    b"MZ",  # Windows
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",  # macOS
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # universal binaries, Java classes
    b"\xd0\xcf\x11\xe0",  # OLE: installers, documents with macros
    b"#!",
    b"\x00asm",
    b"dex\n",
)
_AAD = b"credit-ledger/material/1\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A document as it was handed in."""

    name: str
    data: bytes


def demand_documents(found: Sequence[Material]) -> None:
    """Raise CaseRefused unless these are at most 16 PDF or JPG documents of at most 20 MB."""
    if len(found) > MAX_DOCS:
        raise CaseRefused(
            "too-many-documents",
            {
                "zh": f"每一步最多 {MAX_DOCS} 份材料，请合并",
                "en": f"At most {MAX_DOCS} documents a step; join some of them",
            },
        )
    for place, one in enumerate(found, start=1):
        _demand_one(place, one)
    if sum(len(one.data) for one in found) > MAX_TOGETHER:
        raise CaseRefused("document-too-large", _too_large(MAX_TOGETHER))


def _demand_one(place: int, one: Material) -> None:
    extra = {"document": place}
    if not 1 <= len(one.name) <= MAX_NAME:
        raise CaseRefused(
            "document-name",
            {
                "zh": f"材料须有文件名，且不超过 {MAX_NAME} 个字符",
                "en": f"A document has a name of at most {MAX_NAME} characters",
            },
            extra=extra,
        )
    if len(one.data) > MAX_DOCUMENT:
        raise CaseRefused("document-too-large", _too_large(MAX_DOCUMENT), extra=extra)
    if one.data.startswith(_PROGRAMS):
        raise CaseRefused(
            "document-executable",
            {
                "zh": "该文件是程序或含宏的文档，不予接收，请改为 PDF 或 JPG",
                "en": "This file is a program, or may hold one; send a PDF or JPG",
            },
            extra=extra,
        )
    if not one.data.startswith((_PDF, _JPG)):
        raise CaseRefused(
            "document-type",
            {
                "zh": "材料须为 PDF 或 JPG（按文件内容判断）",
                "en": "Documents are PDF or JPG, as their first bytes tell",
            },
            extra=extra,
        )


def _too_large(limit: int) -> dict[str, str]:
    return {
        "zh": f"材料超过 {limit >> 20} MB，请压缩或拆分",
        "en": f"Documents larger than {limit >> 20} MB; make them smaller",
    }


def describe(found: Sequence[Material]) -> tuple[Doc, ...]:
    """As statements name them, with a fresh salt each."""
    return tuple(
        Doc(name=one.name, salt=os.urandom(SALT), sha256=sha256(one.data), size=len(one.data))
        for one in found
    )


def digests(found: Sequence[Material]) -> list[list[str]]:
    """What tells the same documents again, whatever the salts."""
    return [[one.name, sha256(one.data).hex()] for one in found]


def keep(connection: sa.Connection, vault: Vault, found: Sequence[Material], set_id: str) -> Box:
    """Seal documents under one new key within the caller's transaction; the key."""
    box = Boxes(vault).make(connection, Kind.MATERIAL, set_id)
    rows = [(set_id, n, box.seal(one.data, _aad(n))) for n, one in enumerate(found)]
    insert_rows(connection, materials, ("id", "n", "content"), rows)
    return box


def seal_proposal(box: Box, value: dict[str, Any]) -> bytes:
    """What is proposed, sealed with its documents."""
    return box.seal(orjson.dumps(value), _AAD + b"proposal")


def open_proposal(
    connection: sa.Connection, vault: Vault, set_id: str, content: bytes
) -> dict[str, Any]:
    """The inverse. Raises ContentLost, ContentKeyMissing."""
    box = Boxes(vault).open(connection, Kind.MATERIAL, set_id)
    value: dict[str, Any] = orjson.loads(box.open(content, _AAD + b"proposal"))
    return value


def read(connection: sa.Connection, vault: Vault, set_id: str, n: int) -> bytes | None:
    """A document in clear; None where there is no such number."""
    query = sa.select(materials.c.content).where(materials.c.id == set_id, materials.c.n == n)
    content = connection.scalar(query)
    if content is None:
        return None
    return Boxes(vault).open(connection, Kind.MATERIAL, set_id).open(content, _aad(n))


def forget(connection: sa.Connection, set_ids: Sequence[str]) -> None:
    """Remove documents for good, with the keys that open them and what was proposed on them."""
    for set_id in set_ids:
        connection.execute(sa.delete(materials).where(materials.c.id == set_id))
    drop(connection, Kind.MATERIAL, [number(set_id) for set_id in set_ids])


def _aad(n: int) -> bytes:
    return _AAD + str(n).encode()
