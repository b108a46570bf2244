"""KServe's own Python clients against a running server, in a process of their own: their stubs are of the
package `inference`, too."""

import json
import os
import subprocess
import sys

import harness
import pytest
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
UNPACKED = os.environ.get("FLAMBEAU_KSERVE") or os.path.join(harness.ROOT, ".cache", "kserve")


@pytest.fixture(scope="module")
def seen(demo_models):
    if not os.path.isdir(os.path.join(UNPACKED, "kserve")):
        pytest.skip("no kserve here; ./dev test fetches it")
    with harness.Server(os.path.join(demo_models, "linear.pt")) as server:
        result = subprocess.run(
            [sys.executable, os.path.join(HERE, "kserve_client.py"), UNPACKED, str(server.http_port),
             str(server.grpc_port)], capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_kserve_infers(seen, demo_models, transport):
    answers = seen[transport]
    assert (answers["live"], answers["ready"], answers["model_ready"]) == (True, True, True)
    assert answers["id"] == "k1"
    x = torch.arange(20, dtype=torch.float32).reshape(2, 10) / 10
    expected = torch.jit.load(os.path.join(demo_models, "linear.pt"))(x)
    for binary in (False, True):
        torch.testing.assert_close(torch.tensor(answers[f"binary={binary}"]), expected)
