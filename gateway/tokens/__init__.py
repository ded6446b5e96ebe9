"""Bearer tokens: issued, checked and revoked."""
