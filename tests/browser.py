"""Headless Chromium for tests that look at pages: what a script measures there comes back as JSON."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=8000",
]  # fmt: skip
_HARNESS = """
<script>
const failures = [];
window.addEventListener("error", event => failures.push(String(event.message)));
window.addEventListener("load", () => {
  let value = null;
  try { value = (%s)(); } catch (error) { failures.push(String(error)); }
  const place = document.createElement("pre");
  place.id = "measured";
  place.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({value, failures}))));
  document.body.appendChild(place);
});
</script>
"""


def chromium() -> str:
    """Return the program, or skip the test where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium on the PATH")
    return program


def measure(page: str, script: str, folder: Path, *, width: int = 1200, height: int = 900) -> Any:
    """Show ``page`` (HTML), run ``script`` (a JavaScript function) in it and return what it returns.

    A script error on the page fails the test.
    """
    file = folder / "page.html"
    harness = _HARNESS % script
    file.write_text(page.replace("</body>", harness + "</body>") if "</body>" in page else page + harness)
    command = [chromium(), *_FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}"]
    done = subprocess.run([*command, "--dump-dom", file.as_uri()], capture_output=True, check=False, timeout=120)
    found = re.search(r'<pre id="measured">([^<]*)</pre>', done.stdout.decode("utf-8", "replace"))
    assert found, done.stderr.decode("utf-8", "replace")[-2000:]
    result = json.loads(base64.b64decode(unescape(found[1])))
    assert result["failures"] == []
    return result["value"]
