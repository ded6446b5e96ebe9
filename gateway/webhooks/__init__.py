"""Webhooks: events of what is watched, sent to programs of whoever watches."""
