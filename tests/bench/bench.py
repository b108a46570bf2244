"""Measures the server beside a bare LibTorch loop, all in one run, and prints one table.

  req/s     answered a second          ratio   req/s beside the bare loop's
  p50, p99  as the client sees them    CPU     microseconds of server CPU for one request

The bare loop has as many callers as the concurrency, at most one a core, each running batch 1.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = {"linear": [1, 10], "mlp1000": [1, 1000], "digits": [1, 1, 8, 8], "resnet18": [1, 3, 224, 224],
          "control_flow": [1, 8]}
TICK = os.sysconf("SC_CLK_TCK")


def nested(shape):
    if not shape:
        return 0.5
    return [nested(shape[1:])] * shape[0]


def parse(output):
    match = re.search(r"^BENCH (\{.*\})$", output, re.MULTILINE)
    if not match:
        sys.exit("the load generator failed:\n" + output)
    return json.loads(match.group(1))


def run(command, **environment):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                            env={**os.environ, **environment})
    return parse(result.stdout + result.stderr)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def measure(server, command, **environment):
    before = cpu_seconds(server.process.pid)
    result = run(command, **environment)
    result["cpu_us"] = (cpu_seconds(server.process.pid) - before) * 1e6 / max(result["requests"], 1)
    return result


def predict_load(server, model, body, concurrency, seconds):
    url = f"http://127.0.0.1:{server.http_port}/predict/{model}"
    return measure(server, ["wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "-s",
                            os.path.join(HERE, "post.lua"), url], BENCH_BODY=body)


def grpc_load(server, model, concurrency, seconds):
    shape = ",".join(str(size) for size in SHAPES[model])
    name = server.metadata(model)["inputs"][0]["name"]
    return measure(server, [os.path.join(harness.BUILD, "bin", "grpc_load"),
                            "--server", f"127.0.0.1:{server.grpc_port}", "--model", model, "--input", name,
                            "--shape", shape, "--concurrency", concurrency, "--seconds", seconds])


def warm(server, model, body):
    """Until the model is proven, or has had its chance: what is measured is the steady state."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port)
    for _ in range(200):
        connection.request("POST", f"/predict/{model}", open(body, "rb").read())
        connection.getresponse().read()
    connection.close()
    try:
        harness.wait_for("the proof", lambda: server.batching(model)[0] == "proven", seconds=60)
    except AssertionError:
        pass
    return server.batching(model)[0]


def show(what, concurrency, result, raw=None):
    rate = result["requests"] / result["seconds"]
    ratio = "" if raw is None else f"{rate / (raw['requests'] / raw['seconds']):8.2f}"
    errors = f"   {result['errors']} errors" if result.get("errors") else ""
    print(f"  {what:18} {concurrency:4} {rate:10.0f} {result['p50_us']:10.0f} {result['p99_us']:10.0f}"
          f" {result['cpu_us']:10.1f} {ratio}{errors}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR")
    parser.add_argument("--only", default="linear,mlp1000", help="models, comma-separated")
    parser.add_argument("--concurrency", default="1,8,32")
    parser.add_argument("--seconds", type=int, default=3, help="for each measurement")
    parser.add_argument("flags", nargs="*", help="flags of flambeau-server, after --")
    arguments = parser.parse_args()

    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, shared by the server and the load generator; {arguments.seconds} s each")
    with tempfile.TemporaryDirectory() as work:
        for model in arguments.only.split(","):
            path = os.path.join(arguments.models, model + ".pt")
            body = os.path.join(work, "body.json")
            with open(body, "w", encoding="utf-8") as file:
                json.dump({"input": nested(SHAPES[model])}, file)
            shape = "x".join(str(size) for size in SHAPES[model])
            levels = [int(level) for level in arguments.concurrency.split(",")]
            raw = {level: run([os.path.join(harness.BUILD, "bin", "raw_loop"), path, shape,
                               min(level, cores), arguments.seconds]) for level in levels}
            with harness.Server(path, "--log-level", "info", *arguments.flags) as server:
                verdict = warm(server, model, body)
                print(f"\n{model} (batching {verdict})\n"
                      f"  {'':18} {'conc':>4} {'req/s':>10} {'p50 us':>10} {'p99 us':>10} {'CPU us':>10} {'ratio':>8}")
                for level in levels:
                    show("LibTorch alone", min(level, cores), raw[level])
                    show("/predict", level, predict_load(server, model, body, level, arguments.seconds), raw[level])
                    show("gRPC", level, grpc_load(server, model, level, arguments.seconds), raw[level])


if __name__ == "__main__":
    main()
