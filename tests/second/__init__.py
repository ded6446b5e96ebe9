"""Judge evidence of credit-ledger by docs/protocol.md alone, sharing no code with it."""
