"""What members write to Consortium and vote on."""
