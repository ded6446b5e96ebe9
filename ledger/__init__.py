"""Everything a verifier or an auditor needs: no web server, no database."""
