"""The node that a province, bureau or bank runs."""
