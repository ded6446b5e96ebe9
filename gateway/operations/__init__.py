"""What an operator does to a gateway: backup and restore, relog, doctor."""
