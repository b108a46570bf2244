"""The files of docker/: what they name exists, and the real server takes the flags they give it."""

import json
import os
import re
import shutil

import harness
import pytest
import yaml

DOCKER = os.path.join(harness.ROOT, "docker")
# What the stages of a Dockerfile copy that .dockerignore must let through.
CONTEXT = {"CMakeLists.txt", "CMakePresets.json", "client", "dev", "docker/collect.sh", "proto", "server", "tests"}


def instructions(name):
    """[(instruction, rest)], comments gone and continued lines joined."""
    with open(os.path.join(DOCKER, name), encoding="utf-8") as file:
        text = re.sub(r"^#.*\n", "", file.read(), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def last_stage(name):
    lines = instructions(name)
    start = max(index for index, (word, _) in enumerate(lines) if word == "FROM")
    return dict(lines[start:])


with open(os.path.join(DOCKER, "compose.yaml"), encoding="utf-8") as compose:
    SERVICES = yaml.safe_load(compose)["services"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_stages_and_sources_exist(name):
    stages = set()
    for word, rest in instructions(name):
        for source in re.findall(r"(?:--|,)from=(\w+)", rest):
            assert source in stages, rest
        if word == "FROM":
            stages.add(rest.split(" AS ")[-1])
        if word == "COPY" and "--from" not in rest and not rest.startswith(". "):
            assert os.path.exists(os.path.join(harness.ROOT, rest.split()[0])), rest
    with open(os.path.join(harness.ROOT, ".dockerignore"), encoding="utf-8") as file:
        let_through = {line[1:] for line in file.read().split() if line.startswith("!")}
    assert let_through >= CONTEXT
    for path in let_through - {".cache/httplib"}:
        assert os.path.exists(os.path.join(harness.ROOT, path)), path


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_the_image_is_run_as_nobody_in_particular(name):
    stage = last_stage(name)
    assert (stage["FROM"], stage["USER"], stage["STOPSIGNAL"]) == ("scratch", "1000:1000", "SIGTERM")
    assert json.loads(stage["ENTRYPOINT"]) == ["flambeau-server"]
    assert json.loads(stage["HEALTHCHECK"].split("CMD", 1)[1])[0] == "flambeau"


@pytest.mark.parametrize("command", [json.loads(last_stage("Dockerfile")["CMD"]), SERVICES["flambeau"]["command"]],
                         ids=["Dockerfile", "compose"])
def test_the_server_takes_the_flags(command, demo_models, tmp_path):
    directory, *flags = command
    assert directory == "/models"
    shutil.copy(os.path.join(demo_models, "linear.pt"), tmp_path)
    with harness.Server(tmp_path, *flags) as server:
        assert len(server.predict("linear", [[1] * 10])[0]) == 5


def test_compose_mounts_what_exists_and_scrapes_the_server():
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.rsplit(":", 2)[0] if volume.count(":") >= 2 and volume.endswith(":ro") else ""
            if source.startswith("."):
                assert os.path.exists(os.path.join(DOCKER, source)), source
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:"), port
    build = SERVICES["flambeau"]["build"]
    assert os.path.exists(os.path.join(DOCKER, build["context"], build["dockerfile"]))
    with open(os.path.join(DOCKER, "prometheus.yml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "flambeau"  # the alerts and the dashboard ask for it
    assert job["static_configs"][0]["targets"] == ["flambeau:8002"]
    assert config["rule_files"] == ["alerts.yml"]
    with open(os.path.join(harness.ROOT, "config/grafana/provisioning/datasources/prometheus.yaml"),
              encoding="utf-8") as file:
        assert yaml.safe_load(file)["datasources"][0]["url"] == "http://prometheus:9090"
