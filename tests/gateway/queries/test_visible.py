"""What gateways give by the access table is what verifiers and auditors expect them to give."""

from itertools import product

import pytest

from gateway.base.access_table import CONSENTED, OF_GOVERNMENT, load
from gateway.queries.scope import seen
from ledger.chain.visibility import VISIBILITY_OF, most_seen
from ledger.core.keys import Role


@pytest.mark.parametrize("purpose", [*CONSENTED, *OF_GOVERNMENT])
def test_one_rule(purpose: str) -> None:
    """Or an honest answer is proven false, or a false one is not."""
    for bits, authorised in product(range(1, 16), (False, True)):
        roles = Role(bits)
        most = most_seen(roles, purpose, authorised=authorised)
        expected = {one for one in VISIBILITY_OF.values() if one <= most}
        assert seen(load(), roles, purpose, authorised=authorised) == expected, roles
