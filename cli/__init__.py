"""The command line ``egov-sign``: commands parse, call the core and render; no rule lives here."""
