"""PKI and document-signing toolkit for Kazakhstan's electronic government.

Packages, lowest first: :mod:`egov_sign.crypto` (algorithms and keys), :mod:`egov_sign.certs` (certificates, paths,
revocation), :mod:`egov_sign.docs` (signed documents), :mod:`egov_sign.flows` (the three health-care services).
Importing this package imports none of them.
"""

__version__ = "0.1.0"
