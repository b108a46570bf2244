"""Measures the server with other memory allocators, each preloaded, in turns: allocators.py --preload LIBRARY...

  per s      requests answered a second         CPU us   server CPU for one of them
  p99        microseconds, as the client sees    peak MB  resident memory at its highest
"""

import argparse
import os
import re
import tempfile

from bench import Requests, harness, measure, middle, warm

CASES = (("linear", "/predict", 32), ("mlp1000", "REST binary", 32), ("resnet18", "REST binary", 8))


def peak_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) / 1024


def one_round(library, model, form, concurrency, arguments):
    environment = {"LD_PRELOAD": library} if library else {}
    with tempfile.TemporaryDirectory() as folder, harness.Server(
            os.path.join(arguments.models, model + ".pt"), "--log-level", "info", environment=environment) as server:
        requests = Requests(model, server.metadata(model)["inputs"][0]["name"], folder)
        warm(requests, server)
        return {**measure(requests, form, server, concurrency, arguments.seconds), "peak": peak_mib(server)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="demo-models")
    parser.add_argument("--preload", nargs="*", default=[], help="libraries, besides the C library's own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    arguments = parser.parse_args()
    print(f"  {'':34} {'per s':>10} {'p99':>10} {'CPU us':>9} {'peak MB':>8}")
    for model, form, concurrency in CASES:
        results = {library: [] for library in ("", *arguments.preload)}
        for _ in range(arguments.rounds):
            for library, seen in results.items():
                seen.append(one_round(library, model, form, concurrency, arguments))
        for library, seen in results.items():
            result = middle(seen)
            name = f"{model} {os.path.basename(library) or 'C library'}"
            print(f"  {name:34} {result['rate']:10.0f} {result['p99_us']:10.0f} {result['cpu_us']:9.1f}"
                  f" {max(each['peak'] for each in seen):8.0f}", flush=True)


if __name__ == "__main__":
    main()
