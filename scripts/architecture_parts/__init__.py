"""Parts of scripts/architecture.py."""
