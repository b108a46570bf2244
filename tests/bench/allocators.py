"""Measures the server with other memory allocators, each preloaded, in turns: allocators.py --preload LIBRARY...

  per s      requests answered a second         CPU us   server CPU for one of them
  p99        microseconds, as the client sees    peak MB  resident memory at its highest
"""

import argparse
import os

import measure
from bench_models import prepare

CASES = (("linear", "predict", 32), ("mlp1000", "http", 32), ("resnet18", "http", 8))


def one_round(library, model, protocol, concurrency, arguments):
    with measure.temporary() as folder:
        models = os.path.join(folder, "models")
        prepare(model, arguments.models, models)
        environment = {"LD_PRELOAD": library} if library else {}
        with measure.flambeau(model, models, environment=environment) as (target, server):
            requests = measure.requests_of(model, folder)
            measure.warm(target, server, requests)
            flags = requests.flags(protocol, measure.input_of(server, model))
            return {**target.load(protocol, concurrency, arguments.seconds, *flags),
                    "peak": measure.status_of(target.pid, "VmHWM") / 1024}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="demo-models")
    parser.add_argument("--preload", nargs="*", default=[], help="libraries, besides the C library's own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    arguments = parser.parse_args()
    print(f"  {'':34} {'per s':>10} {'p99':>10} {'CPU us':>9} {'peak MB':>8}")
    for model, protocol, concurrency in CASES:
        results = {library: [] for library in ("", *arguments.preload)}
        for _ in range(arguments.rounds):
            for library, seen in results.items():
                seen.append(one_round(library, model, protocol, concurrency, arguments))
        for library, seen in results.items():
            result = measure.middle(seen)
            name = f"{model} {os.path.basename(library) or 'C library'}"
            print(f"  {name:34} {result['rate']:10.0f} {result['p99']:10.0f} {result['cpu']:9.1f}"
                  f" {max(each['peak'] for each in seen):8.0f}", flush=True)


if __name__ == "__main__":
    main()
