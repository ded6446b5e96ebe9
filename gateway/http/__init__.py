"""What every route shares: limits, problems, observation."""
