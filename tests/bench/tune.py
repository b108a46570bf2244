"""What --tune is worth: one model as it is served by default and as it measured itself to run best, under the
same closed loop. Rounds take turns, so that a noisy machine is noisy to all."""

import contextlib
import json
import os
import re

import bench_models
import measure

SERVERS = {"default": (), "--tune": ("--tune",),
           "--tune --max-batch-size 128": ("--tune", "--max-batch-size", 128)}


def prepare(model, demo_models, folder):
    """As bench_models does, but ResNet-18's shape without its batch: that is what is to be found."""
    path = bench_models.prepare(model, demo_models, folder)
    place = os.path.dirname(path)
    if model == "resnet18":
        os.remove(os.path.join(place, "config.pbtxt"))
        shape, datatype = bench_models.SHAPES[model]
        with open(os.path.join(place, "flambeau.json"), "w", encoding="utf-8") as file:
            json.dump({"inputs": [{"name": "image", "datatype": datatype, "dims": [-1, *shape]}]}, file)


def chosen(server, model):
    properties = server.metadata(model)["properties"]
    found = re.search(r"tuned: (.*? us)", properties.get("notes", ""))
    return (found.group(1) if found else "not tuned") + "; optimised by " + properties["optimizations"]


def compare(model, arguments, folder):
    models = os.path.join(folder, model)
    prepare(model, arguments.models, models)
    requests = measure.requests_of(model, folder)
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(measure.flambeau(model, models, *flags))
                   for name, flags in SERVERS.items()}
        results = {}
        for name, (target, server) in servers.items():
            measure.warm(target, server, requests)
            print(f"  {name:28} {chosen(server, model)}", flush=True)
        for _ in range(arguments.rounds):
            for concurrency in arguments.concurrency:
                for name, (target, server) in servers.items():
                    flags = requests.flags("http", measure.input_of(server, model))
                    results.setdefault((concurrency, name), []).append(
                        target.load("http", concurrency, arguments.seconds, *flags))
    for (concurrency, name), rounds in results.items():
        row = measure.middle(rounds)
        print(f"  {name:28} {concurrency:5} {row['rate']:10.1f} {row['p50']:10.0f} {row['p99']:10.0f} "
              f"{row['cpu']:10.1f} {row['batch']:7.1f}{' ERRORS' if row['errors'] else ''}", flush=True)


def main():
    parser = measure.arguments_of(__doc__, "bench tune")
    parser.add_argument("--only", action="append", choices=sorted(bench_models.SHAPES), metavar="MODEL")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[8, 128])
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = 1
    print(measure.MACHINE)
    with measure.temporary() as folder:
        for model in arguments.only or ("linear", "mlp1000", "resnet18"):
            print(f"\n{model}, REST binary\n  {'':28} {'conn.':>5} {'per s':>10} {'p50 us':>10} {'p99 us':>10} "
                  f"{'CPU us':>10} {'batch':>7}")
            compare(model, arguments, folder)


if __name__ == "__main__":
    main()
