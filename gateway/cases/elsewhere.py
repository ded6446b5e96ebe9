"""Signatures of acts that are made elsewhere, by a DECIDE key that this gateway does not hold.

Whoever signs is given all that the act says, as EIP-712 typed data, and never a digest alone.
"""

from __future__ import annotations

from gateway.base.context import Context
from gateway.base.db import begin_read, begin_write
from gateway.cases import store
from gateway.cases.acts import act_of, purpose_of
from gateway.cases.errors import CaseRefused
from gateway.cases.fates import TO_BE_SIGNED
from gateway.cases.registry import Registry
from gateway.chain.view import ChainView
from ledger.chain.typed_acts import TypedActs
from ledger.core import eip712
from ledger.core.errors import EvidenceError
from ledger.core.ids import Address, Digest

__all__ = ["Elsewhere", "TypedActs"]


class Elsewhere:
    """What is to be signed, and what comes back."""

    def __init__(self, ctx: Context, chain: ChainView, registry: Registry) -> None:
        self._ctx = ctx
        self._chain = chain
        self._registry = registry

    def to_sign(self, row: store.Row) -> TypedActs | None:
        """What a DECIDE key of the member is to sign for an act that waits for it; None: none is
        wanted."""
        if row.state != "waiting" or row.code != TO_BE_SIGNED:
            return None
        return TypedActs(
            domain=self._registry.domain(Address(row.registry)),
            member=self._ctx.settings.node.code,
            acts=(act_of(row, row.version),),
            deadline=row.deadline,
        )

    def take_signature(self, number: int, signature: bytes) -> None:
        """Take a signature made elsewhere. Raises CaseRefused `nothing-to-sign`,
        `decision-signature-invalid`."""
        with begin_read(self._ctx.engine) as connection:
            row = store.act_row(connection, number)
        wanted = None if row is None else self.to_sign(row)
        if row is None or wanted is None:
            raise CaseRefused("nothing-to-sign")
        self._demand_signer(row, wanted.digest, signature)
        with begin_write(self._ctx.engine, store.LOCK) as connection:
            now = store.act_row(connection, number)
            if now is None or self.to_sign(now) != wanted:  # asked for anew meanwhile
                raise CaseRefused("nothing-to-sign")
            signed = {"state": "signed", "code": None, "signature": signature}
            store.change_act(connection, number, attempt=row.attempt + 1, **signed)
        self._ctx.signals.acts.set()

    def _demand_signer(self, row: store.Row, digest: Digest, signature: bytes) -> None:
        try:
            signer = eip712.recover(digest, signature)
        except EvidenceError as error:
            raise CaseRefused("decision-signature-invalid") from error
        facts, purpose = self._chain.facts, purpose_of(row)
        at = self._ctx.clock.seconds()
        good = any(
            key.purpose == purpose
            and bytes.fromhex(key.public_key) == signer.public_key
            and key.valid_at(at)
            for key in facts.keys
        )
        if not good:
            raise CaseRefused("decision-signature-invalid")
