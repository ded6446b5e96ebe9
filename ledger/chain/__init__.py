"""The chain seen from Python: nodes, quorum, contracts, keys, transactions.

Nothing a node says is believed because it says so: see `quorum`. The verify path imports no web3.
"""
