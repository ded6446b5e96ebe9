"""Notices go into the one feed of events, by which this member's own people are told.

Nothing of it goes to other members: each follows the chain itself. The node of the maker names
whom the version was handed to, since its maker is to act; that of a user has no such list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.base.crypto import Hmac
from gateway.products import store
from gateway.products.interfaces import Notice
from gateway.watching.notices import NewNotice, ProductNotices

MAX_USERS: Final = 1_000
"""That a notice names, of at most 32 characters each: a message must fit into what receivers take.
The routes of the product name them all."""
_NAME: Final = b"product-notice"


class FeedNotices:
    """Puts them there."""

    def __init__(self, own: str, hmac: Hmac, notices: ProductNotices) -> None:
        self._own = own
        self._hmac = hmac
        self._notices = notices

    def tell(self, connection: sa.Connection, notice: Notice) -> None:
        """As `Notices`."""
        kept = store.kept_under(connection, notice.member, notice.product_id, notice.version)
        if kept is None:  # its version was dropped: the chain did not take it
            return
        new = NewNotice(
            name=self._hmac.fingerprint(_NAME, notice.id.encode()),
            department=kept.department,
            box=kept.box,
            told=self._told(notice),
        )
        self._notices.put(connection, new)

    def _told(self, notice: Notice) -> Mapping[str, Any]:
        told = notice.as_dict()
        if notice.member != self._own:
            return told
        more = len(notice.users) > MAX_USERS
        return told | {"users": list(notice.users[:MAX_USERS]), "more": more}
