"""Measures the server beside bare LibTorch, all in one run, and prints one table.

  per s      requests answered, or rows run, a second     CPU us   server CPU for one of them
  p50, p99   microseconds, as the client sees them
  of b1      per s beside bare LibTorch with one row a run, as many callers as the concurrency (at
             most one a core)
  of b32     the same beside 32 rows a run, a caller a core

What is compared runs in turns, --rounds times, so that a noisy machine is noisy to all.
"""

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = {"linear": [10], "mlp1000": [1000], "digits": [1, 8, 8], "resnet18": [3, 224, 224]}
# Model: what is asked how, at which concurrency.
PLAN = {"linear": (("/predict", "REST binary", "gRPC"), (1, 8, 32)),
        "mlp1000": (("REST binary", "gRPC"), (8, 32)),
        "resnet18": (("REST binary", "gRPC"), (8, 32)),
        "digits": (("/predict", "gRPC"), (1, 8, 32))}
TICK = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))


def program(name):
    return os.path.join(harness.BUILD, "bin", name)


def run(command, **environment):
    """Runs a load generator; the JSON of its line BENCH."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                            env={**os.environ, **environment})
    output = result.stdout + result.stderr
    match = re.search(r"^BENCH (\{.*\})$", output, re.MULTILINE)
    if not match:
        sys.exit(f"{command[0]} failed:\n{output}")
    return json.loads(match.group(1))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def nested(shape):
    return [nested(shape[1:])] * shape[0] if shape else 0.5


class Requests:
    """A model's request in the forms that the load generators send."""

    def __init__(self, model, name, folder):
        self.model, self.name, self.shape = model, name, [1, *SHAPES[model]]
        size = 4 * math.prod(self.shape)
        entry = {"name": name, "shape": self.shape, "datatype": "FP32",
                 "parameters": {"binary_data_size": size}}
        text = json.dumps({"inputs": [entry], "parameters": {"binary_data_output": True}}).encode()
        self.header_length = len(text)
        self.predict, self.binary = os.path.join(folder, "predict"), os.path.join(folder, "binary")
        with open(self.predict, "w", encoding="utf-8") as file:
            json.dump({"input": nested(self.shape)}, file)
        with open(self.binary, "wb") as file:
            file.write(text + b"\0\0\0\x3f" * (size // 4))  # 0.5

    def load(self, form, server, concurrency, seconds):
        if form == "gRPC":
            return run([program("grpc_load"), "--server", f"127.0.0.1:{server.grpc_port}", "--model", self.model,
                        "--input", self.name, "--shape", ",".join(map(str, self.shape)),
                        "--concurrency", concurrency, "--seconds", seconds])
        path, body, length = f"/predict/{self.model}", self.predict, ""
        if form == "REST binary":
            path, body, length = f"/v2/models/{self.model}/infer", self.binary, str(self.header_length)
        return run(["wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", "60s",
                    "-s", os.path.join(HERE, "post.lua"), f"http://127.0.0.1:{server.http_port}{path}"],
                   BENCH_BODY=body, BENCH_HEADER_LENGTH=length)


def measure(requests, form, server, concurrency, seconds):
    before = cpu_seconds(server.process.pid)
    result = requests.load(form, server, concurrency, seconds)
    result["cpu_us"] = (cpu_seconds(server.process.pid) - before) * 1e6 / max(result["requests"], 1)
    result["rate"] = result["requests"] / result["seconds"]
    return result


def measure_bare(path, model, rows, callers, seconds):
    result = run([program("raw_loop"), path, "x".join(map(str, [rows, *SHAPES[model]])), callers, seconds])
    result["rate"] = rows * result["requests"] / result["seconds"]
    result["cpu_us"] /= rows
    return result


def warm(requests, server):
    """Until the model is proven or has had its chance: what is measured is the steady state."""
    requests.load("REST binary", server, 8, 1)
    try:
        harness.wait_for("the proof", lambda: server.batching(requests.model)[0] != "unproven", seconds=120)
    except AssertionError:
        pass
    requests.load("REST binary", server, 32, 1)
    return server.batching(requests.model)[0]


def middle(results):
    """One result for the rounds of one measurement."""
    together = {key: statistics.median(result[key] for result in results)
                for key in ("rate", "p50_us", "p99_us", "cpu_us")}
    together["errors"] = sum(result.get("errors", 0) for result in results)
    return together


def show(what, concurrency, result, one=None, many=None):
    ratios = "".join(f"{result['rate'] / bare['rate']:8.3f}" for bare in (one, many) if bare)
    errors = f"   {result['errors']} ERRORS" if result["errors"] else ""
    print(f"  {what:22} {concurrency:4} {result['rate']:10.0f} {result['p50_us']:10.0f}"
          f" {result['p99_us']:10.0f} {result['cpu_us']:9.1f} {ratios}{errors}", flush=True)


def bench(model, arguments, folder):
    path = os.path.join(arguments.models, model + ".pt")
    forms, levels = PLAN[model]
    levels = arguments.concurrency or levels
    callers = sorted({min(level, CORES) for level in levels})
    bare, served = {}, {}
    with harness.Server(path, "--log-level", "info", *arguments.flags) as server:
        requests = Requests(model, server.metadata(model)["inputs"][0]["name"], folder)
        verdict = warm(requests, server)
        for _ in range(arguments.rounds):
            for rows, count in [*((1, count) for count in callers), (32, CORES)]:
                bare.setdefault((rows, count), []).append(
                    measure_bare(path, model, rows, count, arguments.seconds))
            for level in levels:
                for form in forms:
                    served.setdefault((form, level), []).append(
                        measure(requests, form, server, level, arguments.seconds))
    bare = {key: middle(results) for key, results in bare.items()}
    print(f"\n{model}, batching {verdict}\n"
          f"  {'':22} {'conc':>4} {'per s':>10} {'p50':>10} {'p99':>10} {'CPU us':>9} {'of b1':>8}{'of b32':>8}")
    for (rows, count), result in bare.items():
        show(f"bare LibTorch, b{rows}", count, result)
    for form in forms:
        for level in levels:
            show(form, level, middle(served[form, level]), bare[1, min(level, CORES)], bare[32, CORES])


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR")
    parser.add_argument("--only", default="linear,mlp1000,resnet18", help="models, comma-separated")
    parser.add_argument("--concurrency", type=lambda text: [int(level) for level in text.split(",")])
    parser.add_argument("--seconds", type=int, default=2, help="for each measurement of a round")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("flags", nargs="*", help="flags of flambeau-server, after --")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: run ./dev bench, which installs it")

    print(f"{CORES} cores, shared by the server and the load generator; "
          f"{arguments.rounds} rounds of {arguments.seconds} s each")
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.only.split(","):
            bench(model, arguments, folder)


if __name__ == "__main__":
    main()
