import os
import subprocess
import sys

import pytest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from checks import MAX_REQUEST_BYTES, Usage, warm_up  # noqa: E402
from transports import Client  # noqa: E402


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The models of models.py, made in another process, so that this one has no LibTorch; and
    `outside`, a link to one that is elsewhere."""
    directory = str(tmp_path_factory.mktemp("conformance-models"))
    os.symlink("/etc/hostname", os.path.join(directory, "outside.pt"))
    subprocess.run([sys.executable, os.path.join(HERE, "models.py"), directory], check=True)
    return directory


@pytest.fixture(scope="module")
def server(models):
    """One server a module, with a small limit on a request's bytes."""
    with harness.Server(models, "--max-request-bytes", MAX_REQUEST_BYTES) as server:
        yield server


@pytest.fixture(scope="module")
def client(server, stubs):
    client = Client(server, *stubs)
    yield client
    client.close()


@pytest.fixture(scope="module")
def before(server, client):
    warm_up(client)
    return Usage(server)
