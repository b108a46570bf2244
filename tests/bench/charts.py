"""Draws what the benchmarks found."""

import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402

COLOURS = {"echo HTTP": "#9aa5b1", "echo gRPC": "#c3cad2", "Flask": "#c94f4f", "/predict": "#2f6fb0",
           "REST binary": "#12939a", "gRPC": "#e08e2b"}


def rates(tables, forms, path):
    """For each model: requests a second by concurrency, beside the best bare loop; then CPU for each request."""
    columns = 3
    figure, axes = plt.subplots(math.ceil((len(tables) + 1) / columns), columns, squeeze=False,
                                figsize=(12, 3.4 * math.ceil((len(tables) + 1) / columns)))
    places = list(axes.flat)
    for axis, (model, rows) in zip(places, tables.items()):
        best = max(row["rate"] for row in rows if row["what"].startswith("bare"))
        axis.axhline(best, color="black", linestyle=":", linewidth=1, label="best bare loop")
        for form in forms:
            points = [(row["concurrency"], row["rate"]) for row in rows if row["what"] == form]
            axis.plot(*zip(*points), marker="o", markersize=3, color=COLOURS[form], label=form,
                      linestyle="--" if "echo" in form else "-")
        axis.set(title=model, xscale="log", yscale="log", xlabel="connections", ylabel="per s")
        axis.set_xticks([row["concurrency"] for row in rows if row["what"] == forms[-1]])
        axis.get_xaxis().set_major_formatter(matplotlib.ticker.ScalarFormatter())
        axis.minorticks_off()
        axis.grid(alpha=0.25)
    places[0].legend(fontsize=7)
    cpu_bars(places[len(tables)], tables, forms)
    for axis in places[len(tables) + 1:]:
        axis.set_visible(False)
    save(figure, path)


def cpu_bars(axis, tables, forms):
    for i, form in enumerate(forms):
        heights = [next((row["cpu"] for row in rows if row["what"] == form and row["concurrency"] == 32), 0)
                   for rows in tables.values()]
        axis.bar([x + i * 0.13 for x in range(len(tables))], heights, width=0.12, color=COLOURS[form])
    axis.set(title="server CPU at 32 connections", ylabel="us a request", yscale="log")
    axis.set_xticks([x + 0.32 for x in range(len(tables))], list(tables), fontsize=8)


def lines(panels, path):
    """[(title, x label, {series: [(x, y)]}, y label)], logarithmic both ways."""
    columns = 3
    rows = math.ceil(len(panels) / columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=(12, 3.4 * rows))
    for axis, (title, x_label, series, y_label) in zip(axes.flat, panels):
        for name, points in series.items():
            axis.plot(*zip(*points), marker="o", markersize=3, label=name)
        axis.set(title=title, xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
        axis.grid(alpha=0.25)
        axis.legend(fontsize=7)
    for axis in list(axes.flat)[len(panels):]:
        axis.set_visible(False)
    save(figure, path)


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    with Image.open(path) as image:  # few colours: a quarter of the size
        small = image.convert("RGB").quantize(64)
    small.save(path, optimize=True)
    print(f"  {path}")
