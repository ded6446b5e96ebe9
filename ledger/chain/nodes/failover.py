"""Several nodes of one chain as if they were one."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.errors import RpcError, RpcFailure
from ledger.chain.nodes.blocks import Reader
from ledger.chain.nodes.order import HURRY_SECONDS, NodeOrder
from ledger.chain.nodes.parallel import Answers, Terms, ask_all
from ledger.chain.nodes.patience import pause_before
from ledger.chain.nodes.rpc import FAILOVER_SECONDS, Caller


@dataclass(frozen=True, slots=True)
class _Said:
    """A result, or an error object that says "no" and not "later"."""

    result: Any = None
    error: RpcError | None = None


class Failover:
    """Several nodes of one chain behind `Caller`: the others are asked where the first one gives no
    answer, takes longer than a second, or is behind them.

    An error object is an answer, unless it says "later". Where every node says that, or cannot be
    reached, they are asked again, with pauses. For what must be true and not only likely, use
    `quorum`, and to send through nodes that may lie `broadcast`.
    """

    def __init__(self, rpcs: Sequence[Caller], *, seconds: float = FAILOVER_SECONDS) -> None:
        """`seconds`: after so long nobody is asked again."""
        if not rpcs:
            raise ValueError("no node to ask")
        self.name = "any node"
        self._standing = NodeOrder([Reader(rpc) for rpc in rpcs], quorum=1)
        self._seconds = seconds

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The first answer."""
        end = time.monotonic() + self._seconds
        for attempt in itertools.count(1):
            answers = self._once(method, params)
            for said in answers.values.values():
                if said.error is not None:
                    raise said.error
                return said.result
            failures = [e for e in answers.failures.values() if isinstance(e, RpcFailure)]
            pauses = [pause_before(failure, attempt + 1) for failure in failures]
            pause = min((pause for pause in pauses if pause is not None), default=None)
            if pause is None or time.monotonic() + pause > end:
                raise failures[0]
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, method: str, params: Sequence[Any]) -> Answers[_Said]:
        def job(node: Reader) -> _Said:
            try:
                return _Said(result=node.rpc.call(method, params))
            except RpcError as error:
                if error.transient:
                    raise
                return _Said(error=error)

        first, rest = self._standing.order()
        order = [*first, *rest]
        terms = Terms(enough=1, grace=0.0, hedge=HURRY_SECONDS)
        return ask_all(order[:1], job, terms, reserve=order[1:])
