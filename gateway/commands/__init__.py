"""Commands of `credit-ledger gateway` that need more than one domain."""
