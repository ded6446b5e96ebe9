"""ATTACK: this test fails, and shows how the log tells outsiders how many statements there were."""

from gateway.node import Node
from tests.gateway.statements.desk import NIGHT, said, set_clock


def test_a_daily_batch_is_in_the_tree_as_a_whole_or_not_at_all(node: Node) -> None:
    """The tree grows by `batch_size` entries at a time, by promises, and each time a checkpoint is
    published. Dummies have a promise of their own, the last of the batch: where the limit falls
    within the batch (here by its setting; by 4,096 where as many records wait at night as fill
    it up), the sizes of the checkpoints tell the number that the sixteens are to hide."""
    settings = node.ctx.settings
    node.ctx.settings = settings.model_copy(
        update={"log": settings.log.model_copy(update={"batch_size": 8})}
    )
    for number in range(3):
        node.statements.issue([said(number)])
    set_clock(node, NIGHT)
    node.daily_batch.step()
    sizes = []
    while done := node.logs.step():
        sizes.append(done)
    assert sum(sizes) == 16
    assert sizes == [16]
