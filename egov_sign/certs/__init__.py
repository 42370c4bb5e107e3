"""Certificates of the country: identity, trust, paths, revocation, issuing."""
