"""Stand-in where a node tells users of products nothing by itself: they ask for the status."""

from __future__ import annotations

import sqlalchemy as sa
import structlog

from gateway.products.interfaces import Notice

_log = structlog.get_logger(__name__)


class LoggedNotices:
    """Writes a line to the log of the node, for its operator."""

    def tell(self, connection: sa.Connection, notice: Notice) -> None:
        """Log it."""
        _log.warning(
            "product.input-changed",
            product=notice.product_id.hex(),
            member=notice.member,
            version=notice.version,
            causes=list(notice.causes),
            users=list(notice.users),
        )
