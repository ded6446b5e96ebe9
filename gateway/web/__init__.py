"""Pages for people, on top of the interface for programs."""
