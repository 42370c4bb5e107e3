"""Conformance suites written by others, run against this toolkit: ``python -m tests.conformance`` prints the scores."""
