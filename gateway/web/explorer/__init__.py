"""Pages of what is on the chain and in the logs."""
