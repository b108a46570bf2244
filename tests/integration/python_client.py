"""The package of client/python, built as a wheel and installed for tests."""

import glob
import os
import shutil
import subprocess
import sys

import harness


def install(folder):
    """Builds the wheel from a copy of the sources, so that nothing is left in them, and installs it into
    folder/site. (path of the wheel, that directory)."""
    for part in ("client/python", "proto"):
        shutil.copytree(os.path.join(harness.ROOT, part), folder / "source" / part)
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(folder),
                    str(folder / "source" / "client" / "python")], check=True, timeout=harness.PATIENCE)
    (wheel,) = glob.glob(f"{folder}/*.whl")
    site = str(folder / "site")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", site, wheel], check=True,
                   timeout=harness.PATIENCE)
    return wheel, site
