"""The one command line, `credit-ledger`, for node operators, banks and auditors."""
