"""A bank asks two provinces of four about a firm; the others have no node."""

from __future__ import annotations

from tests.gateway.queries.bank import FAMILY, bundle_of, judged, use
from tests.gateway.queries.conftest import BEIJING, TIANJIN
from tests.support.peers import Network, row


def test_what_is_public_is_stated_and_verifies_from_the_file(network: Network) -> None:
    network[BEIJING].file(row(1), row(2))
    network[TIANJIN].file(row(3))
    answer = use(network, types=[FAMILY])
    bundle = bundle_of(answer)
    assert [one.answer.iss for one in bundle.answers] == [BEIJING, TIANJIN]
    assert [len(one.answer.items) for one in bundle.answers] == [2, 1]
    assert {one.member: one.reason for one in bundle.missing} == {
        "130000": "name-unknown",
        "140000": "name-unknown",
    }
    assert bundle.overall == "adverse"
    verdict = judged(network, answer.content)
    assert verdict.problems == ()
    assert verdict.verdict == "adverse"
