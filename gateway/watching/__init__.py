"""Watching: changes of statuses as a stream, for whoever has a token that reads."""
