"""Algorithms, keys and key containers; knows nothing of certificates beyond their bytes."""
