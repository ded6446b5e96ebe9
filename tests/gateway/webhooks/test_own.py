"""What an endpoint that names nothing is told of: records of the member, as the policy has it; from
the desk over the chain to the receiver."""

from __future__ import annotations

from gateway.node import Node
from gateway.watching.singles import Singles
from gateway.webhooks.services import Named
from tests.gateway.cases.desk import filing, of_authority, send_all, take_in
from tests.gateway.erasures.desk import follow
from tests.gateway.intake.material import OF_BEIJING
from tests.gateway.webhooks.desk import change, holder, record, turn
from tests.support.anvil import Anvil
from tests.support.receiver import Receiver
from tests.support.rolled_back import anvil, member, node

__all__ = ["anvil", "member", "node"]

FOREIGN = "91110000600037341L"


def test_told_to_whom_may_know(node: Node, anvil: Anvil, receiver: Receiver) -> None:
    (leaf,) = take_in(node, anvil, 1)
    ends = {
        name: node.webhooks.webhooks.add(
            holder(node, name, authorities=[code]), f"{receiver.url}/{name}", Named()
        )["id"]
        for name, code in (("ours", OF_BEIJING), ("foreign", FOREIGN))
    }
    named = node.webhooks.webhooks.add(
        holder(node, "named"), f"{receiver.url}/named", Named(records=[leaf])
    )["id"]
    with node.ctx.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET visibility = 3, department = 'another'")
    clerk = of_authority(node, 1)
    case = node.case_parts.cases.file(clerk, filing(leaf, "objection"))
    send_all(node, anvil)
    follow(node)
    change(node, 5)  # of another member
    for endpoint in (*ends.values(), named):
        turn(node, endpoint)
    record = node.case_parts.views.show(clerk, case)["record"]
    told = {one.path.rpartition("/")[2]: one.value["data"] for one in receiver.taken}
    assert set(told) == {"ours", "named"}, "whoever names it may have its status, as anybody may"
    for data in told.values():
        assert (data["record"], data["flags"], data["version"]) == (record, ["disputed"], 1)
        assert (data["action"], data["basis"], data["closed"]) == ("dispute", 9, False)
        assert data["block"] > 0
    followed_by_itself(node, receiver)
    shown = node.webhooks.webhooks.listed(holder(node, "named"))
    assert shown[0]["records"] == [record], "a leaf of ours is its record"


def followed_by_itself(node: Node, receiver: Receiver) -> None:
    """A record of another member on the watch list of its holder is told of; beside it, none."""
    bank = holder(node, "bank")
    endpoint = node.webhooks.webhooks.add(bank, f"{receiver.url}/list", Named())["id"]
    Singles(node.ctx).follow(bank, record(7))
    change(node, 6, 7)
    turn(node, endpoint)
    told = [one.value["data"] for one in receiver.taken if one.path.endswith("/list")]
    assert [one["record"] for one in told] == [record(7).hex()]
