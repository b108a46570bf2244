"""The samples for Kubernetes, KServe and KEDA: valid, consistent, and true of the real server."""

import glob
import os
import shutil

import harness
import promql
import pytest
import yaml

validator = pytest.importorskip("kubernetes_validate", reason="./dev test installs it")

KUBERNETES = os.path.join(harness.ROOT, "config", "kubernetes")
KSERVE = os.path.join(harness.ROOT, "config", "kserve")
FOREIGN = {"ScaledObject"}  # of KEDA: no part of Kubernetes' schemas
OLDEST = "1.30"  # preStop.sleep


def documents(path):
    with open(path, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


OBJECTS = {item["kind"] + "/" + item["metadata"]["name"]: item
           for path in sorted(glob.glob(f"{KUBERNETES}/**/*.yaml", recursive=True)) for item in documents(path)}
(RUNTIME,) = documents(f"{KSERVE}/clusterservingruntime.yaml")
(INFERENCE_SERVICE,) = documents(f"{KSERVE}/inferenceservice.yaml")
DEPLOYMENT = OBJECTS["Deployment/flambeau"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]
(KSERVE_CONTAINER,) = RUNTIME["spec"]["containers"]


def pod_of(container):
    """A Pod with the container, as KServe makes one of it."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "made"}, "spec": {"containers": [container]}}


# ---- Schemas ----


@pytest.mark.parametrize("version", [OLDEST, validator.latest_version()])
@pytest.mark.parametrize("name", [name for name, item in OBJECTS.items() if item["kind"] not in FOREIGN]
                         + ["KServe's container"])
def test_kubernetes_takes_it(name, version):
    item = OBJECTS.get(name) or pod_of(KSERVE_CONTAINER)
    validator.validate(item, version, strict=True)


def test_the_schemas_see_a_mistake():
    broken = pod_of({**CONTAINER, "readinessProb": {}})
    with pytest.raises(validator.ValidationError):
        validator.validate(broken, OLDEST, strict=True)


def test_keda_takes_it():
    spec = OBJECTS["ScaledObject/flambeau"]["spec"]
    assert OBJECTS["ScaledObject/flambeau"]["apiVersion"] == "keda.sh/v1alpha1"
    assert set(spec) <= {"scaleTargetRef", "pollingInterval", "cooldownPeriod", "initialCooldownPeriod",
                         "idleReplicaCount", "minReplicaCount", "maxReplicaCount", "fallback", "advanced", "triggers"}
    assert spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
    for trigger in spec["triggers"]:
        assert set(trigger) <= {"type", "name", "metadata", "metricType", "authenticationRef", "useCachedMetrics"}
        assert trigger["type"] == "prometheus"
        assert trigger["metricType"] in ("AverageValue", "Value")
        assert {"serverAddress", "query", "threshold"} <= set(trigger["metadata"])
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert float(trigger["metadata"]["threshold"]) > 0


def test_kserve_takes_it():
    assert (RUNTIME["apiVersion"], RUNTIME["kind"]) == ("serving.kserve.io/v1alpha1", "ClusterServingRuntime")
    spec = RUNTIME["spec"]
    assert set(spec) <= {"annotations", "labels", "supportedModelFormats", "protocolVersions", "containers",
                         "volumes", "nodeSelector", "affinity", "tolerations", "imagePullSecrets", "disabled"}
    assert KSERVE_CONTAINER["name"] == "kserve-container"
    assert set(spec["protocolVersions"]) <= {"v1", "v2", "grpc-v1", "grpc-v2"}
    formats = [(entry["name"], entry["version"]) for entry in spec["supportedModelFormats"]]
    assert len(set(formats)) == len(formats)
    for entry in spec["supportedModelFormats"]:
        assert set(entry) <= {"name", "version", "autoSelect", "priority"}
        assert entry["autoSelect"] is True and entry["priority"] > 0
    first, second = KSERVE_CONTAINER["ports"]  # KServe sends port 80 to the first, which must be HTTP
    assert first["containerPort"] == 8080
    assert "grpc" in second["name"] or "h2c" in second["name"]  # that is how it knows HTTP/2
    assert spec["annotations"]["prometheus.kserve.io/port"] == str(first["containerPort"])

    assert (INFERENCE_SERVICE["apiVersion"], INFERENCE_SERVICE["kind"]) == (
        "serving.kserve.io/v1beta1", "InferenceService")
    model = INFERENCE_SERVICE["spec"]["predictor"]["model"]
    assert (model["modelFormat"]["name"], model["modelFormat"]["version"]) in formats
    assert model["protocolVersion"] in spec["protocolVersions"]
    assert model["runtime"] == RUNTIME["metadata"]["name"]
    assert model["storageUri"].split("://")[0] in ("pvc", "s3", "gs", "https", "hf", "oci", "azure")


# ---- What they say of one another ----


def test_what_belongs_together_agrees():
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    assert DEPLOYMENT["selector"]["matchLabels"] == labels
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    for name in ("Service/flambeau", "Service/flambeau-grpc"):
        assert OBJECTS[name]["spec"]["selector"] == labels
        for port in OBJECTS[name]["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]
    assert OBJECTS["Service/flambeau-grpc"]["spec"]["clusterIP"] == "None"
    assert OBJECTS["PodDisruptionBudget/flambeau"]["spec"]["selector"]["matchLabels"] == labels
    assert OBJECTS["NetworkPolicy/flambeau"]["spec"]["podSelector"]["matchLabels"] == labels
    for scaler in ("HorizontalPodAutoscaler/flambeau", "ScaledObject/flambeau"):
        assert OBJECTS[scaler]["spec"]["scaleTargetRef"]["name"] == OBJECTS["Deployment/flambeau"]["metadata"]["name"]
    annotations = DEPLOYMENT["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["metrics"])


@pytest.mark.parametrize("container,grace", [
    (CONTAINER, POD["terminationGracePeriodSeconds"]),
    (KSERVE_CONTAINER, INFERENCE_SERVICE["spec"]["predictor"]["terminationGracePeriodSeconds"])],
    ids=["kubernetes", "kserve"])
def test_a_pod_has_time_to_drain(container, grace):
    flags = dict(flag.lstrip("-").split("=") for flag in container["args"] if "=" in flag)
    drain = int(flags.get("drain-timeout", 30))
    hook = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    wait = int(flags.get("drain-delay", 0)) + hook  # for balancers to hear of it
    assert wait >= 5
    assert grace > wait + drain


# ---- What they say of the server ----


@pytest.mark.parametrize("container", [CONTAINER, KSERVE_CONTAINER], ids=["kubernetes", "kserve"])
def test_the_real_server_takes_the_arguments_and_answers_the_probes(container, demo_models, tmp_path):
    """Each flag as it is, but for the ports, which are the kernel's choice here, and the cache's place."""
    shutil.copy(f"{demo_models}/digits.pt", tmp_path / "digits.pt")
    directory, *flags = container["args"]
    mounts = {mount["mountPath"] for mount in container.get("volumeMounts", [])} | {"/mnt/models"}
    assert directory in mounts
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    stated = dict(flag.lstrip("-").split("=") for flag in flags)
    assert int(stated.get("http-port", 8000)) == next(iter(ports.values()))
    assert int(stated.get("grpc-port", 8001)) == ports["grpc"]

    split = [word for flag in flags if "-port" not in flag for word in flag.split("=", 1)]
    if "cache-dir" in stated:
        assert any(stated["cache-dir"].startswith(mount + "/") for mount in mounts)
        split[split.index("--cache-dir") + 1] = tmp_path / "cache"
    with harness.Server(tmp_path, *split) as server:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            action = container[probe]["httpGet"]
            assert action["port"] in ("http", ports.get("http1"))
            assert server.get(action["path"]).status == 200
        model = INFERENCE_SERVICE["metadata"]["name"]
        assert server.post(f"/v2/models/{model}/infer", {"inputs": [
            {"name": "INPUT__0", "shape": [1, 1, 8, 8], "datatype": "FP32", "data": [0.5] * 64}]}).status == 200
        assert server.get(f"/v2/models/{model}/ready").status == 200
        assert server.get(RUNTIME["spec"]["annotations"]["prometheus.kserve.io/path"]).status == 200


def test_the_autoscaler_asks_for_metrics_that_exist(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt")) as server:
        server.predict("linear", [[1] * 10])
        exported = {name for name, _, _ in server.metrics()}
    for trigger in OBJECTS["ScaledObject/flambeau"]["spec"]["triggers"]:
        metrics, _ = promql.names(trigger["metadata"]["query"])
        assert metrics and set(metrics) <= exported, metrics
