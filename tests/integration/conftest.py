import sys

import python_client
import pytest


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
