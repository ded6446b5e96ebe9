"""Products made of records: registered and published on the chain, their inputs kept sealed, and
told to be stale once one of them is (design-2 17)."""
