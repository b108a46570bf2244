"""docker/Dockerfile and docker/Dockerfile.cuda, read and built by buildah without their RUN lines: each stage takes what it
copies from this project or from the stage before. What the RUN lines do is tried by `./dev image --from-source`."""

import json
import os
import re
import subprocess

import harness
import pytest

FILES = ["Dockerfile", "Dockerfile.cuda"]

pytestmark = pytest.mark.skipif(not os.environ.get("FLAMBEAU_IMAGE"), reason="./dev image has buildah")


class Buildah:
    """With images of its own."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "libtorch").mkdir()
        (directory / "image").mkdir()
        (directory / "image" / "here").write_text("yes")

    def run(self, *words):
        command = ["buildah", "--storage-driver", "vfs", "--root", self.directory / "store", "--runroot",
                   self.directory / "run", *words]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=harness.ROOT,
                              timeout=harness.PATIENCE, check=False)

    def build(self, text, target=None):
        file = self.directory / "file"
        file.write_text(text)
        stage = ["--target", target] if target else []
        return self.run("build", "--isolation", "chroot", "--format", "docker", "--file", file, "--tag", "tried",
                        "--build-arg", "BASE=scratch", *(f"--build-context={name}={self.directory / name}"
                                                         for name in ("libtorch", "image")), *stage, ".")

    def files(self):
        """Of the image built last: (root, config)."""
        container = self.run("from", "--pull-never", "tried").stdout.strip()
        inspected = json.loads(self.run("inspect", "--type", "image", "tried").stdout)
        return self.run("mount", container).stdout.strip(), inspected["Docker"]["config"]


@pytest.fixture
def buildah(tmp_path):
    return Buildah(tmp_path)


def text_of(name):
    with open(os.path.join(harness.ROOT, "docker", name), encoding="utf-8") as file:
        return file.read()


def without_runs(text):
    return re.sub(r"^RUN (.*\\\n)*.*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_the_wheel_is_the_one_that_the_project_asks_for(buildah, name):
    built = buildah.build(without_runs(text_of(name)), "wheel")
    assert built.returncode == 0, built.stderr
    with open(os.path.join(buildah.files()[0], "requirements.txt"), encoding="utf-8") as file:
        assert re.search("^torch==", file.read(), re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_all_that_is_compiled_is_copied(buildah, name):
    built = buildah.build(without_runs(text_of(name)), "build")
    assert built.returncode == 0, built.stderr
    source = os.path.join(buildah.files()[0], "src")
    assert {"CMakeLists.txt", "CMakePresets.json", "client", "dev", "docker", "proto", "server", "tests"} <= set(
        os.listdir(source))
    assert os.listdir(os.path.join(source, "docker")) == ["collect.sh"]
    assert not os.path.exists(os.path.join(source, ".git")) and not os.path.exists(os.path.join(source, "build"))


@pytest.mark.parametrize("name", FILES)
def test_the_image_is_what_was_collected(buildah, name):
    built = buildah.build(without_runs(text_of(name)))
    assert built.returncode == 0, built.stderr
    root, config = buildah.files()
    assert os.listdir(root) == ["here"]
    assert (config["User"], config["Entrypoint"]) == ("1000:1000", ["flambeau-server"])
    assert config["Cmd"][0] == "/models" and ("cuda" in config["Cmd"]) == (name == "Dockerfile.cuda")


@pytest.mark.parametrize(("right", "wrong", "target"), [
    ("COPY --from=image", "COPPY --from=image", None), ("ENTRYPOINT [", "ENTRYPOINTS [", None),
    ("COPY tests/models/requirements.txt", "COPY tests/requirement.txt", "wheel"),
    ("FROM ${BASE} AS build", "FROM ${BASE} A build", "build")])
@pytest.mark.parametrize("name", FILES)
def test_a_mistake_is_found(buildah, name, right, wrong, target):
    text = without_runs(text_of(name))
    assert right in text
    assert buildah.build(text.replace(right, wrong), target).returncode != 0
