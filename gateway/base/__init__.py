"""What every domain of the gateway stands on; knows none of them."""
