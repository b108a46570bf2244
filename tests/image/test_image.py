"""The container image that `./dev image` has built: what is in it, and that it serves as it must.

The image's root is mounted; its processes are started in it by chroot as its user, read-only, with the few devices that
a container engine gives, and with the network of this machine. That of CUDA is tried on the processor: no GPU is among
those devices.
"""

import json
import os
import stat
import subprocess
import time

import harness
import pytest

IMAGE = os.environ.get("FLAMBEAU_IMAGE", "")
LARGEST = 700e6  # bytes, unpacked
ENTER = """
set -e
mount --bind "$0" "$0"
mount --bind "$1" "$0/models"
mount -t proc proc "$0/proc"
mount -t tmpfs tmpfs "$0/tmp" -o mode=1777
mount -t tmpfs tmpfs "$0/dev"
for device in null zero full random urandom; do
  touch "$0/dev/$device"
  mount --bind "/dev/$device" "$0/dev/$device"
done
mount -o remount,ro,bind "$0"
mount -o remount,ro,bind "$0/models"
shift
exec chroot --userspec=1000:1000 "$0" "$@"
"""

pytestmark = pytest.mark.skipif(not IMAGE, reason="./dev image builds it")


@pytest.fixture(scope="module")
def root():
    with open(os.path.join(IMAGE, "mounted"), encoding="utf-8") as file:
        return file.read().strip()


@pytest.fixture(scope="module")
def config():
    with open(os.path.join(IMAGE, "inspect.json"), encoding="utf-8") as file:
        return json.load(file)["Docker"]["config"]


@pytest.fixture(scope="module")
def cuda(config):
    return any(value.startswith("NVIDIA_VISIBLE_DEVICES=") for value in config["Env"])


def inside(root, models, *command):
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, root, models, *command]


def files(root):
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.join(folder, name)


def test_it_is_small_and_holds_no_shell_and_no_python(root, cuda):
    paths = list(files(root))
    assert cuda or sum(os.lstat(path).st_size for path in paths) <= LARGEST
    names = {os.path.basename(path) for path in paths}
    assert {"flambeau-server", "flambeau", "libflambeau_torch.so", "libtorch_cpu.so"} <= names
    assert ("libtorch_cuda.so" in names) == cuda
    assert not {name for name in names if name in ("sh", "bash", "dash", "busybox", "perl") or "python" in name}
    executables = {os.path.relpath(path, root) for path in paths
                   if os.access(path, os.X_OK) and ".so" not in path and not os.path.islink(path)}
    assert executables == {"opt/flambeau/bin/flambeau-server", "opt/flambeau/bin/flambeau"}
    assert not [path for path in paths if os.lstat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)]


def test_scanners_find_its_packages(root):
    packages = os.listdir(os.path.join(root, "var/lib/dpkg/status.d"))
    assert {"libc6", "libstdc++6", "zlib1g"} <= set(packages)
    for package in packages:
        with open(os.path.join(root, "var/lib/dpkg/status.d", package), encoding="utf-8") as file:
            assert "Version: " in file.read()


def test_how_it_is_to_be_run(config, cuda):
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["flambeau-server"]
    assert config["Cmd"] == ["/models", "--host", "0.0.0.0", *(["--device", "cuda"] if cuda else [])]
    assert set(config["ExposedPorts"]) == {"8000/tcp", "8001/tcp", "8002/tcp"}
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "flambeau", "--timeout", "4", "status"]


def test_it_starts_predicts_is_scraped_and_stops(root, config, cuda, demo_models):
    programs = next(value for value in config["Env"] if value.startswith("PATH="))[len("PATH="):]
    entrypoint = f"{programs}/{config['Entrypoint'][0]}"
    started = time.monotonic()
    flags = ["--device", "cpu"] if cuda else []
    with harness.Server("/models", *flags, program=inside(root, demo_models, entrypoint)) as server:
        print(f"ready after {time.monotonic() - started:.1f} s")
        with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as file:
            assert "Uid:\t1000\t1000\t1000\t1000" in file.read()
        assert {name for name, entry in server.index().items() if entry["state"] == "READY"} >= {
            "linear", "digits", "resnet18"}
        assert len(server.predict("linear", [[1] * 10])[0]) == 5
        assert len(server.predict("resnet18", [[[[0.5] * 64] * 64] * 3])[0]) == 1000
        assert server.metric("flambeau_requests_total", model="linear", status="OK") == 1

        health = [f"{programs}/{config['Healthcheck']['Test'][1]}", *config["Healthcheck"]["Test"][2:]]
        checked = subprocess.run(inside(root, demo_models, *health, "--server", f"127.0.0.1:{server.grpc_port}"),
                                 capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stderr
        server.signal()
        assert server.wait() == 0
    checked = subprocess.run(inside(root, demo_models, *health, "--server", "127.0.0.1:1"), capture_output=True,
                             text=True, timeout=60, check=False)
    assert checked.returncode == 3, checked.stderr
