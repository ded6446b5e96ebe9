"""The page of the node itself."""
