"""Parts of `scripts/protocol.py`: each makes blocks of docs/protocol.md out of the code."""
