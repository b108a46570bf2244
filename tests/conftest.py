import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402


def make_models(script, directory, *flags):
    subprocess.run([sys.executable, os.path.join(harness.ROOT, "tests", "models", script),
                    str(directory), *flags], check=True)


@pytest.fixture(scope="session")
def demo_models(tmp_path_factory):
    """The demo models, those of ./dev where they are there."""
    ready = os.path.join(harness.ROOT, "demo-models")
    if os.path.exists(os.path.join(ready, "resnet18.pt")):
        return ready
    directory = tmp_path_factory.mktemp("demo-models")
    make_models("make_models.py", directory)
    return str(directory)


@pytest.fixture(scope="session")
def adversarial_models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("adversarial-models")
    make_models("make_adversarial.py", directory)
    return str(directory)


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The Python stubs of proto/inference.proto: a pair of modules (messages, service).

    tritonclient.grpc defines the same package `inference`, so tests that use it run it in a process
    of its own.
    """
    from grpc_tools import protoc

    out = str(tmp_path_factory.mktemp("stubs"))
    code = protoc.main(["protoc", f"-I{harness.ROOT}/proto", f"--python_out={out}",
                        f"--grpc_python_out={out}", "inference.proto", "model_config.proto"])
    assert code == 0
    sys.path.insert(0, out)
    import inference_pb2
    import inference_pb2_grpc

    return inference_pb2, inference_pb2_grpc
