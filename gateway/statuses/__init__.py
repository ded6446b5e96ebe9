"""The status of records: acts on the chain followed, obeyed and acknowledged."""
