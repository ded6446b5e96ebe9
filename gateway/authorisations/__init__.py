"""What subjects allow: authorisations made for other members, held, judged, taken back."""
