"""Durable jobs: what is to be done besides requests, whatever happens meanwhile."""
