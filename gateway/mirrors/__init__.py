"""The logs of the other provinces: followed, kept, served, cosigned."""
