"""The exchange between members: signed requests, what they are answered, messages on their way."""
