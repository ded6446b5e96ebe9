"""Notices about products: kept sealed, each once, and opened for whoever may know of the product.

Each lies under the key of the manifest that it is about, for it tells what went into a product;
with that key it is gone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
import sqlalchemy as sa
import structlog

from gateway.base.crypto import ContentLost, Vault
from gateway.base.policy import ALWAYS, Caller, Purpose, Record, decide
from gateway.sealing.services import Boxes, Kind
from gateway.statuses import changes
from gateway.watching.interfaces import Notified, OpenNotice, SealedNotice
from gateway.watching.models import product_notices

_AAD: Final = b"product-notice"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """What is to be told. name: fingerprint of what names it. department: of the product. box: of
    the manifest."""

    name: bytes
    department: str | None
    box: str
    told: Mapping[str, Any]


class ProductNotices:
    """Keeps and opens them. Safe in threads."""

    def __init__(self, vault: Vault) -> None:
        self._boxes = Boxes(vault)

    def put(self, connection: sa.Connection, new: NewNotice) -> None:
        """Keep one within the caller's transaction, which lets no other one keep the same; nothing
        happens where it is kept, or where the manifest was destroyed. Raises ContentKeyMissing."""
        same = sa.select(product_notices.c.id).where(product_notices.c.name == new.name)
        if connection.execute(same).first() is not None:
            return
        try:
            box = self._boxes.open(connection, Kind.MANIFEST, new.box)
        except ContentLost:
            _log.warning("product-notice.manifest-lost", box=new.box)
            return
        values = {
            "at": int(time.time()),
            "name": new.name,
            "department": new.department,
            "box": new.box,
            "content": box.seal(orjson.dumps(new.told), _AAD + new.name),
        }
        # Last: whoever has a number keeps all others waiting.
        made = sa.insert(product_notices).values(id=changes.take(connection, 1), **values)
        connection.execute(made)

    def opener(self, caller: Caller | None) -> OpenNotice | None:
        """What opens them for a caller; None: it is told of none at all."""
        if caller is None or not decide(caller, Purpose.SEE_PRODUCT).allowed:
            return None
        return partial(self._open, caller)

    def _open(
        self, caller: Caller, connection: sa.Connection, notice: SealedNotice
    ) -> Notified | None:
        of = Record(department=notice.department, decided=ALWAYS)
        if not decide(caller, Purpose.SEE_PRODUCT, of).allowed:
            return None
        try:
            box = self._boxes.open(connection, Kind.MANIFEST, notice.box)
            told = orjson.loads(box.open(notice.content, _AAD + notice.name))
        except ContentLost:
            return None
        return Notified(place=notice.place, at=notice.at, told=told)
