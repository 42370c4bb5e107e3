"""The three health-care services of the regulations and what they run on."""
