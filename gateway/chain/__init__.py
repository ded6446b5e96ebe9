"""What the gateway knows of the chain, and what it sends there."""
