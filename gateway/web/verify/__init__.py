"""`/verify`: the page on which anybody has a file judged."""
