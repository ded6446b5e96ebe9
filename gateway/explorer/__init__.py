"""What anybody may see of the ledger: the chain read for pages, with bounds, and what is held."""
