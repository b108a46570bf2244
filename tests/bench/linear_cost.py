"""Does cost grow as what is asked grows? Rates and latencies from 1 to 512 connections, from 1 to 64 rows in a
request, and of tensors from 4 bytes to 16 MiB. One chart, in which a knee shows."""

import os

import measure
from bench_models import SHAPES, prepare

PROTOCOLS = {"/predict": "predict", "REST binary": "http", "gRPC": "grpc"}
CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
ROWS = (1, 2, 4, 8, 16, 32, 64)
FLOATS = tuple(4 ** power for power in range(12))  # to 16 MiB
MAX_JSON_FLOATS = 1 << 20
LIMITS = ("--max-request-bytes", 256 << 20)
# The proof of batching begins anew with each shape, and takes a core for seconds where rows are large.
UNMERGED = (*LIMITS, "--max-batch-size", 1)


class Sweep:
    """{protocol: [(x, result)]}: one after the other, so that a disturbance shows in all of them."""

    def __init__(self, target, name, seconds):
        self.target, self.name, self.seconds = target, name, seconds
        self.found = {}

    def add(self, form, x, requests, connections):
        protocol = PROTOCOLS[form]
        row = self.target.load(protocol, connections, self.seconds, *requests.flags(protocol, self.name))
        self.found.setdefault(form, []).append((x, row))
        print(f"  {form:12} {x:10} {row['rate']:10.1f} {row['p50']:10.0f} {row['p99']:10.0f} {row['cpu']:10.1f}"
              f"{' ERRORS' if row['errors'] else ''}", flush=True)

    def series(self, value):
        return {form: [(x, value(x, row)) for x, row in points if row["rate"] > 0]
                for form, points in self.found.items()}


def sweep(title, model, arguments, points, flags=LIMITS):
    """`points` are (x, shape, connections)."""
    print(f"\n{title}\n  {'':12} {'':>10} {'per s':>10} {'p50':>10} {'p99':>10} {'CPU us':>10}")
    with measure.temporary() as folder:
        models = os.path.join(folder, "models")
        prepare(model, arguments.models, models)
        with measure.flambeau(model, models, *flags) as (target, server):
            done = Sweep(target, measure.input_of(server, model), arguments.seconds)
            first = measure.Requests(points[0][1], SHAPES[model][1], folder)
            target.load("http", 8, 1, *first.flags("http", done.name))
            for x, shape, connections in points:
                requests = measure.Requests(shape, SHAPES[model][1], folder)
                for form in PROTOCOLS:
                    if form != "/predict" or x <= 4 * MAX_JSON_FLOATS:
                        done.add(form, x, requests, connections)
    return done


def main():
    parser = measure.arguments_of(__doc__, "bench linear-cost")
    parser.add_argument("--seconds", type=float, default=1)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seconds = 0.3
    print(measure.MACHINE)
    connections = sweep("linear, by connections", "linear", arguments, [(n, [1, 10], n) for n in CONNECTIONS])
    rows = sweep("mlp1000, by rows in a request, 8 connections", "mlp1000", arguments,
                 [(n, [n, 1000], 8) for n in ROWS])
    sizes = sweep("identity, by bytes of the tensor, 2 connections", "identity", arguments,
                  [(4 * n, [1, n], 2) for n in FLOATS], UNMERGED)
    if arguments.chart:
        import charts  # noqa: PLC0415 (matplotlib takes a second to import)

        charts.lines([
            ("linear", "connections", connections.series(lambda _, row: row["rate"]), "requests a second"),
            ("mlp1000, 8 connections", "rows in a request", rows.series(lambda n, row: n * row["rate"]), "rows a second"),
            ("identity, 2 connections", "bytes of the tensor", sizes.series(lambda _, row: row["cpu"]),
             "server CPU, us a request"),
            ("linear", "connections", connections.series(lambda _, row: row["p99"]), "p99, us"),
            ("mlp1000, 8 connections", "rows in a request", rows.series(lambda _, row: row["p99"]), "p99, us"),
            ("identity, 2 connections", "bytes of the tensor", sizes.series(lambda _, row: row["p99"]), "p99, us"),
        ], arguments.chart)


if __name__ == "__main__":
    main()
