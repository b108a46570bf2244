"""The alerts and the dashboard against what the server really exports, and against a real Prometheus."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import threading

import grpc
import harness
import promql
import pytest
import yaml
from prometheus import Prometheus, program

ALERTS = os.path.join(harness.ROOT, "config", "alerts.yml")
ALERTS_TEST = os.path.join(harness.ROOT, "tests", "integration", "alerts_test.yml")
DASHBOARD = os.path.join(harness.ROOT, "config", "grafana", "dashboards", "flambeau.json")
FROM_PROMETHEUS = {"instance", "job"}


def alerts():
    with open(ALERTS, encoding="utf-8") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def panels():
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def dashboard_queries():
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", [])]


@pytest.fixture(scope="module")
def server(demo_models, tmp_path_factory):
    """Has answered over both protocols, refused, and failed to load a model."""
    directory = tmp_path_factory.mktemp("models")
    (directory / "linear" / "1").mkdir(parents=True)
    shutil.copy(f"{demo_models}/linear.pt", directory / "linear" / "1" / "model.pt")
    (directory / "linear" / "config.pbtxt").write_text("response_cache { enable: true }")
    shutil.copy(f"{demo_models}/digits.pt", directory)
    (directory / "bad.pt").write_bytes(b"no model")
    with harness.Server(directory) as running:
        yield running


def send_some(server, stubs, number):
    messages, service = stubs
    for row in (1, number):  # one that the cache knows, one that it does not
        server.predict("linear", [[row] * 10])
    server.predict("digits", [[[[0.5] * 8] * 8]])
    assert server.post("/predict/linear", {"input": [[1]]}).status == 400
    assert server.post("/predict/nobody", {"input": [[1]]}).status == 404
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        request = messages.ModelInferRequest(model_name="digits")
        request.inputs.add(name="INPUT__0", datatype="FP32", shape=[1, 1, 8, 8])
        request.raw_input_contents.append(bytes(256))
        service.GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=60)


# ---- Without Prometheus ----


def test_alerts_and_dashboard_name_only_what_the_server_exports(server, stubs):
    send_some(server, stubs, 2)
    exported, values = {}, {}
    for name, labels, _ in server.metrics():
        exported.setdefault(name, set(FROM_PROMETHEUS)).update(labels)
        for label, value in labels.items():
            values.setdefault(label, set()).add(value)
    exported["up"] = set(FROM_PROMETHEUS)
    values["status"] |= {code.name for code in grpc.StatusCode}
    values["state"] |= {"LOADING", "READY", "UNAVAILABLE", "UNLOADING"}

    queries = dashboard_queries() + [(rule["alert"], rule["expr"]) for rule in alerts()]
    assert len(queries) > 30
    for title, expression in queries:
        metrics, grouped = promql.names(expression)
        assert metrics, (title, expression)
        for metric, matchers in metrics.items():
            assert metric in exported, f"{title}: the server exports no {metric}"
            for label, texts in matchers.items():
                assert label in exported[metric], f"{title}: {metric} has no label {label}"
                for word in {word for text in texts for word in text.split("|")}:
                    if label in ("status", "state", "protocol") and not word.startswith("$"):
                        assert word in values[label], f"{title}: {label} is never {word}"
            assert grouped <= exported[metric] or not grouped, f"{title}: {metric} lacks one of {grouped}"


def test_the_check_itself_sees_what_an_expression_names():
    metrics, grouped = promql.names(
        'sum by (a, le) (rate(x_total{b="c|d",e!="f"}[$__rate_interval])) / on (g) count(y_bucket) > 0.5 and z == 1')
    assert metrics == {"x_total": {"b": ["c|d"], "e": ["f"]}, "y_bucket": {}, "z": {}}
    assert grouped == {"a", "le", "g"}


def test_the_dashboard_is_one_that_grafana_takes():
    every = list(panels())
    identifiers = [panel["id"] for panel in every]
    assert len(set(identifiers)) == len(identifiers)
    for panel in every:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for target in panel.get("targets", []):
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    with open(os.path.join(harness.ROOT, "config/grafana/provisioning/datasources/prometheus.yaml"),
              encoding="utf-8") as file:
        (source,) = yaml.safe_load(file)["datasources"]
    with open(DASHBOARD, encoding="utf-8") as file:
        variables = {variable["name"]: variable for variable in json.load(file)["templating"]["list"]}
    assert variables["datasource"]["current"]["value"] == source["uid"]
    used = set(re.findall(r"\$(\w+)", " ".join(expression for _, expression in dashboard_queries())))
    assert used - {"__rate_interval"} <= set(variables)


def test_every_alert_is_documented_and_tested():
    with open(os.path.join(harness.ROOT, "docs", "operations.md"), encoding="utf-8") as file:
        documented = set(re.findall(r"^\| (Flambeau\w+) \|", file.read(), re.MULTILINE))
    with open(ALERTS_TEST, encoding="utf-8") as file:
        tested = {case["alertname"] for test in yaml.safe_load(file)["tests"]
                  for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert {rule["alert"] for rule in alerts()} == documented == tested


# ---- With Prometheus ----


@pytest.mark.parametrize("arguments", [
    ["check", "rules", ALERTS],
    ["check", "config", os.path.join(harness.ROOT, "config", "prometheus.yml")],
    ["test", "rules", ALERTS_TEST],
], ids=lambda arguments: " ".join(arguments[:2]))
def test_promtool(arguments):
    result = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, timeout=60,
                            check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_panel_shows_something(server, stubs, tmp_path):
    open_queries = {}
    for title, expression in dashboard_queries():
        model = "linear" if title.startswith("$model") else ".*"
        open_queries[expression.replace("$__rate_interval", "10s").replace("$model", model)
                     .replace("$instance", ".*")] = title
    with Prometheus(tmp_path, [server.http_port]) as prometheus:
        def all_have_values():
            send_some(server, stubs, len(open_queries) + 3)
            for expression in list(open_queries):
                if any(sample["value"][1] != "NaN" for sample in prometheus.query(expression)):
                    del open_queries[expression]
            return not open_queries

        try:
            harness.wait_for("a value in every panel", all_have_values, seconds=60)
        except AssertionError:
            assert not open_queries, f"no value in {sorted(open_queries.values())}"


def quickened(rules):
    """The rules of config/alerts.yml, which take minutes by intent, within seconds."""
    return {"groups": [{"name": "flambeau", "rules": [
        {**rule, "for": "0s", "expr": rule["expr"].replace("[5m]", "[5s]")} for rule in rules]}]}


def test_alerts_fire_for_what_is_wrong_and_for_nothing_else(demo_models, adversarial_models, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(f"{demo_models}/linear.pt", models)
    shutil.copy(f"{adversarial_models}/slow.pt", models)
    (models / "bad.pt").write_bytes(b"no model")
    stop = threading.Event()

    def ask_slow(server):
        while not stop.wait(0.2):  # else the quick refusals hide the slow answers from the p99
            server.post("/predict/slow", {"input": [[1.0]]})

    def ask_linear(server):
        while not stop.wait(0.05):
            server.predict("linear", [[1] * 10])
            server.post("/predict/linear", {"input": [[1]]})  # a mistake is no failure

    with harness.Server(models, "--instances", 1, "--threads", 1, "--max-queue-size", 1,
                        "--request-timeout-ms", 500) as server, \
            Prometheus(tmp_path, [server.http_port], quickened(alerts())) as prometheus, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(ask_slow, server) for _ in range(3)] + [pool.submit(ask_linear, server)]
        wanted = {("FlambeauModelLoadFailed", "bad"), ("FlambeauErrorRate", "slow"),
                  ("FlambeauQueueSaturated", "slow"), ("FlambeauSlow", "slow")}
        seen = set()

        def all_fired():
            seen.update(prometheus.firing())
            return wanted <= seen

        try:
            harness.wait_for("the alerts", all_fired, seconds=60)
        except AssertionError:
            assert wanted <= seen
        finally:
            stop.set()
        for job in jobs:
            job.result()
        assert {model for _, model in seen} == {"bad", "slow"}, seen
        server.process.kill()
        harness.wait_for("FlambeauDown", lambda: ("FlambeauDown", "") in prometheus.firing(), seconds=60)
