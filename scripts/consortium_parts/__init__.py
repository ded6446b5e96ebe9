"""Parts of `scripts/consortium.py`."""
