"""The parts of webhooks and of followed subjects, put together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.accesses.services import AccessLog
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.lease import Lease
from gateway.base.threads import Step
from gateway.tokens.services import Holders
from gateway.watching.asking import Asking
from gateway.watching.notices import ProductNotices
from gateway.watching.subject_routes import SubjectParts
from gateway.watching.subjects import Subjects
from gateway.watching.tasks import asker
from gateway.webhooks import store
from gateway.webhooks.delivering import Delivering
from gateway.webhooks.routes import WebhookDesk
from gateway.webhooks.schedule import Schedule
from gateway.webhooks.sealed import SealedParts
from gateway.webhooks.sending import Outward
from gateway.webhooks.services import Webhooks
from gateway.webhooks.tasks import WebhookSender, tidier


@dataclass(kw_only=True)
class WebhookParts:
    """asking: `ask` gives it who asks the members about followed subjects."""

    ctx: Context
    subjects: Subjects
    asking: Asking
    webhooks: Webhooks
    delivering: Delivering
    outwards: Sequence[Outward]
    _sender: WebhookSender | None = None

    @property
    def subject_parts(self) -> SubjectParts:
        """What the routes of followed subjects need."""
        return SubjectParts(subjects=self.subjects, sent_to=store.sent_to())

    @property
    def desk(self) -> WebhookDesk:
        """What the routes of endpoints need."""
        return WebhookDesk(webhooks=self.webhooks)

    def steps(self, lease: Lease) -> list[tuple[str, Step]]:
        """The threads, by name."""
        self._sender = WebhookSender(self.delivering, lease)
        return [
            ("webhooks", self._sender),
            ("webhook-tidier", tidier(self.ctx.engine)),
            ("asker", asker(self.asking, lease)),
        ]

    def end(self) -> None:
        """End what the threads began, once they have ended."""
        if self._sender is not None:
            self._sender.close()

    def close(self) -> None:
        """Drop the connections."""
        for outward in self.outwards:
            outward.close()


def make_webhooks(
    ctx: Context,
    *,
    vault: Vault,
    hmac: Hmac,
    holders: Holders,
    accesses: AccessLog,
    notices: ProductNotices,
) -> WebhookParts:
    """All that sends events to programs of whoever watches."""
    subjects, parts = Subjects(ctx, vault, hmac), SealedParts(vault)
    # What holders try out has threads of its own, and takes none from deliveries.
    delivered, tried = Outward(ctx.settings), Outward(ctx.settings)
    return WebhookParts(
        ctx=ctx,
        subjects=subjects,
        asking=Asking(ctx, subjects, hmac, holders),
        webhooks=Webhooks(ctx, parts=parts, outward=tried, subjects=subjects, accesses=accesses),
        delivering=Delivering(
            ctx,
            parts=parts,
            holders=holders,
            outward=delivered,
            # Spreads load, guards nothing.
            schedule=Schedule(random.Random().random),  # noqa: S311
            notices=notices,
        ),
        outwards=(delivered, tried),
    )
