"""A whole network on one machine: the embedded chain, its guard, and a gateway for each member."""
