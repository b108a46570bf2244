import os
import shutil
import subprocess
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TESTS)

import harness  # noqa: E402


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A directory of the conformance models and the demo's digits."""
    directory = str(tmp_path_factory.mktemp("models"))
    subprocess.run([sys.executable, os.path.join(TESTS, "conformance", "models.py"), directory], check=True)
    os.remove(os.path.join(directory, "broken.pt"))
    shutil.copy(os.path.join(os.environ["FLAMBEAU_DEMO_MODELS"], "digits.pt"), directory)
    return directory


@pytest.fixture(scope="session")
def server(models):
    with harness.Server(models, "--allow-shared-memory") as running:
        yield running


KINDS = ["http", "http.aio", "grpc", "grpc.aio"]


def connected(kind, server):
    # Not at the top: pytest reads this file whenever it collects tests/integration, whose process has our
    # own stubs, which clash with tritonclient's.
    from clients import Triton

    client = Triton(kind, server)
    yield client
    client.close()


@pytest.fixture(params=KINDS)
def client(request, server):
    yield from connected(request.param, server)


@pytest.fixture(scope="session")
def controlled_server(models):
    with harness.Server(models, "--model-control", "explicit", "--load-model", "linear") as running:
        yield running


@pytest.fixture(params=KINDS)
def controlled(request, controlled_server):
    """A client of a server that loads what it is told to."""
    yield from connected(request.param, controlled_server)
