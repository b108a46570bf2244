#!/usr/bin/env python3
"""Writes the corpus of varied models and what is true of each: make_corpus.py DIR [--only a,b].

  corpus        models as people save them: their inputs, and whether rows may share a batch
  adversarial   models that must never be called proven
  sound         models that should be

Each is DIR/<name>.pt and an entry of DIR/corpus.json, which model_score_test reads.
"""

import argparse
import json
import os
import warnings

import torch

from corpus import adversarial_rows, adversarial_values, published, sequence, sound, vision
from torch_cases import encode

warnings.filterwarnings("ignore")

GROUPS = {
    "corpus": vision.CASES + sequence.CASES + published.CASES,
    "adversarial": adversarial_rows.CASES + adversarial_values.CASES,
    "sound": sound.CASES,
}
ROWS = 3  # of the request that teaches the proof the shapes


def truth(argument):
    name, dtype, dims = argument
    any_rank = bool(dims) and dims[0] is ...
    if any_rank:
        dims = [-1, *dims[1:]]
    return {"name": name, "dtype": dtype, "dims": dims, "any_rank": any_rank}


def write(case, group, directory):
    module = case.module()
    torch.jit.save(module, os.path.join(directory, case.name + ".pt"))
    requests = [case.rows(ROWS), *(other() for other in case.others)]
    return {
        "model": case.name,
        "group": group,
        "batchable": case.batchable,
        "why": case.why,
        "arguments": [truth(argument) for argument in case.arguments],
        "requests": [[encode(value) for value in request] for request in requests],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--only", help="names, comma-separated")
    arguments = parser.parse_args()
    os.makedirs(arguments.directory, exist_ok=True)
    only = arguments.only.split(",") if arguments.only else None
    entries = [write(case, group, arguments.directory)
               for group, cases in GROUPS.items() for case in cases
               if only is None or case.name in only]
    if published.LEFT_OUT:
        print("left out, since ./dev models-report alone fetches them:", ", ".join(published.LEFT_OUT))
    with open(os.path.join(arguments.directory, "corpus.json"), "w", encoding="utf-8") as file:
        json.dump(entries, file)


if __name__ == "__main__":
    main()
