"""Signed documents: canonicalisation, XML signatures, validation reports."""
