"""What an image costs as JSON beside the same as a binary tensor: the server's CPU for a request, with models
that do next to nothing, one that answers three numbers and one that answers the image."""

import os

import measure
from bench_models import prepare

SHAPE = [1, 3, 224, 224]


def main():
    parser = measure.arguments_of(__doc__, "bench json-image")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 2
    print(f"{measure.MACHINE}; an image of 3x224x224 floats, 4 connections\n  {'':10} {'binary us':>10} {'JSON us':>10}"
          f" {'JSON adds ms':>13}")
    for model in ("channel_means", "identity"):
        with measure.temporary() as folder:
            models = os.path.join(folder, "models")
            prepare(model, arguments.models, models)
            requests = measure.Requests(SHAPE, "FP32", folder)
            with measure.flambeau(model, models) as (target, server):
                name = measure.input_of(server, model)
                found = {"http": [], "predict": []}
                target.load("http", 4, 1, *requests.flags("http", name))
                for _ in range(arguments.rounds):
                    for protocol, results in found.items():
                        results.append(target.load(protocol, 4, arguments.seconds, *requests.flags(protocol, name)))
        binary, text = (measure.middle(results)["cpu"] for results in found.values())
        print(f"  {model:13} {binary:7.0f} {text:10.0f} {(text - binary) / 1e3:13.2f}", flush=True)


if __name__ == "__main__":
    main()
