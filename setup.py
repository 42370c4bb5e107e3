"""The one step of the build that ``pyproject.toml`` cannot name: with ``EGOV_SIGN_COMPILED=1``, hot modules become C.

mypyc, the compiler that belongs to mypy, translates the modules of :data:`COMPILED` by their type annotations; the
same sources stay beside them and run where nothing was compiled. ``python3 dev.py wheel`` builds like this with the
locked tools. What a class asks of the compiler stands above it (:mod:`egov_sign.native`).
"""

from __future__ import annotations

import os

from setuptools import setup

COMPILED = {
    "": "caching clock verdict",
    "crypto": "algorithms der der_write digests keys pss",
    "certs": (
        "algorithm_policy certificate crl crl_check extensions form iin judgement name ocsp path path_reports"
        " path_rules profile revocation sources standing validator"
    ),
    "docs": (
        "acceptance c14n_whole cms cms_ess cms_past cms_validation cms_verify deferred evidence existence judged"
        " keyinfo manifest nodeset references scope validation xades xmldsig xmlparse xmlverify"
    ),
}
"""By package, what judges a signature, a certificate, a list. GOST is not among it: mypyc is slow at large numbers."""


def sources() -> list[str]:
    """Return the paths of the modules to compile, relative to this file."""
    return [
        "/".join(part for part in ("egov_sign", package, f"{module}.py") if part)
        for package, modules in COMPILED.items()
        for module in modules.split()
    ]


if __name__ == "__main__":
    if os.environ.get("EGOV_SIGN_COMPILED") == "1":
        from mypyc.build import mypycify

        extensions = mypycify(
            ["--config-file=pyproject.toml", *sources()],
            opt_level="2",
            debug_level="0",
            group_name="egov_sign",
            multi_file=True,
        )
        setup(ext_modules=extensions)
    else:
        setup()
