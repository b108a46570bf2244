"""Measures servers of one model beside bare LibTorch, and the transports beside a bare echo, in one run: one
table for each model, and one chart.

  per s            requests answered, or rows run, a second      CPU us   the server's CPU for one of them
  p50, p90, p99    microseconds, as the client sees them         batch    rows in a run, the mean
  of raw           per s beside the best of the bare loops (a caller a core; 1, 8 or 32 rows a run, as the
                   file was saved and optimised)

`echo` answers with what it was sent: what HTTP, or gRPC, costs without a server behind it. `Flask` is the
server of PyTorch's tutorial, by gunicorn, a process a core. What is compared runs in turns, --rounds times,
so that a noisy machine is noisy to all; the middle is shown.
"""

import contextlib
import json
import os
import sys

import measure
from bench_models import SHAPES, prepare
from measure import CORES, bare, middle

OPTIMIZED = "channels-last,freeze,optimize-for-inference"
FORMS = ("echo HTTP", "echo gRPC", "Flask", "/predict", "REST binary", "gRPC")
PROTOCOLS = {"echo HTTP": "predict", "echo gRPC": "grpc", "Flask": "predict", "/predict": "predict", "REST binary": "http",
             "gRPC": "grpc"}
LEVELS = (1, 8, 32, 512)
# Of models that take tens of milliseconds: half a thousand clients would each wait half a minute.
SLOW_LEVELS = (1, 8, 32)
SLOW = {"resnet18"}


class Bench:
    """One model, its servers, and what was measured of them."""

    def __init__(self, model, folder, arguments):
        self.model, self.folder, self.arguments = model, os.path.join(folder, model), arguments
        self.path = prepare(model, arguments.models, self.folder)
        self.slow = model in SLOW
        self.levels = [level for level in (SLOW_LEVELS if self.slow else LEVELS) if level in arguments.concurrency]
        self.seconds = arguments.seconds * (6 if self.slow else 1)
        self.requests = measure.requests_of(model, folder)
        self.targets = {}
        self.results = {}

    def start(self, stack):
        """Every server, warm; says what ours found out about the model."""
        for form, server in (("echo HTTP", measure.http_echo(self.model)), ("echo gRPC", measure.grpc_echo(self.model)),
                             ("Flask", measure.flask(self.model, self.path))):
            self.targets[form] = stack.enter_context(server)
        ours, server = stack.enter_context(measure.flambeau(self.model, self.folder, *self.arguments.flags))
        for form in ("/predict", "REST binary", "gRPC"):
            self.targets[form] = ours
        self.name = measure.input_of(server, self.model)
        measure.warm(ours, server, self.requests)
        self.load("Flask", 8, 1)
        properties = server.metadata(self.model)["properties"]
        return f"batching {properties['batching']}, optimised by {properties.get('optimizations', 'nothing')}"

    def load(self, form, level, seconds):
        target = self.targets[form]
        protocol = PROTOCOLS[form]
        warmup = 1.5 if self.slow and "echo" not in form else 0.2
        name = None if form == "echo gRPC" else self.name
        return target.load(protocol, level, seconds, *self.requests.flags(protocol, name), warmup=warmup)

    def round(self):
        for rows in (1, 8, 32):
            for words in ("", OPTIMIZED):
                name = f"bare, {rows} rows" + (", optimised" if words else "")
                seconds = min(self.seconds, 3)
                self.add((name, CORES), bare(self.path, self.model, rows, CORES, seconds, *filter(None, [words])))
        for level in self.levels:
            for form in FORMS:
                seconds = self.arguments.seconds if "echo" in form else self.seconds
                self.add((form, level), self.load(form, level, seconds))

    def add(self, key, result):
        self.results.setdefault(key, []).append(result)

    def table(self):
        """[{"what", "concurrency", "of_raw", and the numbers}]"""
        rows = [{"what": what, "concurrency": level, **middle(results)}
                for (what, level), results in self.results.items()]
        best = max(row["rate"] for row in rows if row["what"].startswith("bare"))
        return [{**row, "of_raw": row["rate"] / best} for row in sorted(rows, key=order)]


def order(row):
    known = row["what"] in FORMS
    return (known, FORMS.index(row["what"]) if known else 0, row["concurrency"] if known else 0)


def show(model, facts, rows):
    print(f"\n{model}, {facts}\n  {'':25} {'conc':>4} {'per s':>9} {'p50':>9} {'p90':>9} {'p99':>9} {'CPU us':>9}"
          f" {'batch':>6} {'of raw':>7}")
    for row in rows:
        model_ran = "echo" not in row["what"]
        print(f"  {row['what']:25} {row['concurrency']:4} {row['rate']:9.0f} {row['p50']:9.0f} {row['p90']:9.0f}"
              f" {row['p99']:9.0f} {row['cpu']:9.1f}"
              + (f" {row['batch']:6.1f} {row['of_raw']:7.3f}" if model_ran else "")
              + (f"  {row['errors']:.0f} ERRORS" if row["errors"] else ""), flush=True)


def measured(arguments):
    """{model: rows}, shown as they come."""
    tables = {}
    with measure.temporary() as folder:
        for model in arguments.only.split(","):
            bench = Bench(model, folder, arguments)
            with contextlib.ExitStack() as stack:
                facts = bench.start(stack)
                for _ in range(arguments.rounds):
                    bench.round()
            tables[model] = bench.table()
            show(model, facts, tables[model])
    return tables


def main():
    parser = measure.arguments_of(__doc__, "bench")
    parser.add_argument("--only", default=",".join(SHAPES), help="models, comma-separated")
    parser.add_argument("--concurrency", default=LEVELS, metavar="N,...",
                        type=lambda text: [int(level) for level in text.split(",")])
    parser.add_argument("--seconds", type=float, default=1, help="for each measurement of a round; six times it for ResNet-18")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", metavar="FILE", help="write all numbers there")
    parser.add_argument("flags", nargs="*", help="flags of flambeau-server, after --")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.concurrency = 1, 0.5, (8, 32)
    unknown = set(arguments.only.split(",")) - set(SHAPES)
    if unknown:
        sys.exit(f"no such models: {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    print(f"{measure.MACHINE}; {arguments.rounds} rounds of {arguments.seconds:g} s each")
    tables = measured(arguments)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(tables, file, indent=1)
    if arguments.chart:
        import charts  # noqa: PLC0415 (matplotlib takes a second to import)

        charts.rates(tables, FORMS, arguments.chart)


if __name__ == "__main__":
    main()
