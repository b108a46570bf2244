import shutil
import sys

import harness
import python_client
import pytest


@pytest.fixture(scope="module")
def server(demo_models, tmp_path_factory):
    """One of linear and digits, for modules that need no other."""
    directory = tmp_path_factory.mktemp("models")
    for name in ("linear", "digits"):
        shutil.copy(f"{demo_models}/{name}.pt", directory)
    with harness.Server(directory) as running:
        yield running


@pytest.fixture(scope="session")
def installed_client(tmp_path_factory):
    """(path of the wheel of client/python, directory that it is installed in)."""
    return python_client.install(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def package(installed_client):
    """The installed module flambeau_client."""
    sys.path.insert(0, installed_client[1])
    import flambeau_client

    return flambeau_client
