"""Webhooks as Standard Webhooks has them: what is sent, what vouches for it, and how it is sent."""
