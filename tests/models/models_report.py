#!/usr/bin/env python3
"""Puts the scores that model_score_test wrote into a document: models_report.py SCORES.json docs/models.md.

What is between the lines <!-- scores --> and <!-- end of scores --> is replaced.
"""

import json
import sys

BEGIN, END = "<!-- scores -->\n", "<!-- end of scores -->\n"


def of(scores, group):
    return [score for score in scores if score["group"] == group]


def total(scores, part):
    return [sum(score[part][key] for score in scores) for key in ("right", "known", "wrong")]


def part(tally):
    return f"{tally['right']}/{tally['known']}" if tally["known"] else "-"


def verdict(score):
    """Both gates' verdict, and the reason of the one that stopped it."""
    if score["proven"]:
        return "proven"
    gate = score["static"] if score["static"]["verdict"] != "proven" else score["dynamic"]
    return f"{gate['verdict']}: {gate['reason']}"


def row(*cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def signatures(scores):
    yield "### Signatures: models as people save them"
    yield ""
    yield row("", "right", "of", "wrong")
    yield row("---", "---:", "---:", "---:")
    for name, what in [("names", "input names"), ("datatypes", "datatypes"),
                       ("dims", "ranks and fixed dimensions")]:
        yield row(what, *total(scores, name))
    yield ""
    yield row("model", "names", "datatypes", "dimensions", "batching")
    yield row("---", "---", "---", "---", "---")
    for score in scores:
        batching = verdict(score)
        if not score["batchable"]:
            batching += f" ({score['why_not']})"
        yield row(score["model"], part(score["names"]), part(score["datatypes"]), part(score["dims"]), batching)


def proofs(title, scores, wanted):
    proven = sum(score["proven"] for score in scores)
    yield f"### {title}"
    yield ""
    yield f"{proven} of {len(scores)} proven; {wanted}."
    yield ""
    yield row("model", "static gate", "dynamic gate alone")
    yield row("---", "---", "---")
    for score in scores:
        cells = [f"{gate['verdict']}: {gate['reason']}" if gate["reason"] else gate["verdict"]
                 for gate in (score["static"], score["dynamic"])]
        yield row(score["model"], *cells)


def tables(scores):
    corpus, sound, adversarial = (of(scores, group) for group in ("corpus", "sound", "adversarial"))
    lines = [*signatures(corpus), ""]
    lines += [*proofs("Sound models", sound, "each of them could be"), ""]
    lines += [*proofs("Adversarial models", adversarial, "none may be")]
    return "\n".join(lines) + "\n"


def main():
    scores_path, document = sys.argv[1:]
    with open(scores_path, encoding="utf-8") as file:
        scores = json.load(file)
    with open(document, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(document, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + tables(scores) + "\n" + END + after)


if __name__ == "__main__":
    main()
