"""Parts of `scripts/chaos.py`."""
