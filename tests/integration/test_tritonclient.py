"""Triton's own Python clients, each call they offer, against a running server.

tritonclient.grpc brings stubs of the package `inference` that clash with ours, so the suite runs in a
process of its own (tritonclient_suite/), and each of its tests is reported here.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree

import harness
import pytest

SUITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tritonclient_suite", "suite.py")


def names():
    with open(SUITE, encoding="utf-8") as file:
        return re.findall(r"^def (test_\w+)\(", file.read(), re.MULTILINE)


@pytest.fixture(scope="module")
def outcomes(demo_models, tmp_path_factory):
    """Test name -> [(its parameters, what went wrong or None)]."""
    report = str(tmp_path_factory.mktemp("tritonclient") / "report.xml")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", SUITE],
        capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "FLAMBEAU_DEMO_MODELS": demo_models})
    assert os.path.exists(report), result.stdout + result.stderr
    found = {}
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        faults = [child for child in case if child.tag in ("failure", "error")]
        name = case.get("name").split("[")[0]
        found.setdefault(name, []).append((case.get("name"), faults[0].text if faults else None))
    return found


@pytest.mark.parametrize("name", names())
def test_tritonclient(outcomes, name):
    assert outcomes.get(name), f"{name} did not run"
    faults = [f"{case}:\n{fault}" for case, fault in outcomes[name] if fault]
    assert not faults, "\n".join(faults)
