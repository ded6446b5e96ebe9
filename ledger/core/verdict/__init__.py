"""The verdict on a receipt: its facts, its checks and how they are weighed."""
