"""Fails if a document names a file of the project that is not there: paths.py DOCUMENT..."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:cc|h|proto|py|md|json)|(?:[\w.-]+/)+)`")

PLACEHOLDERS = ("DIR/", "name/")  # a user's model directory

failed = 0
for document in sys.argv[1:]:
    with open(document, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            for path in PATH.findall(line):
                if path.startswith(PLACEHOLDERS):
                    continue
                places = [os.path.join(ROOT, base, path) for base in ("", "server", "server/http", "server/grpc",
                                                                      "server/backend")]
                if not any(os.path.exists(place) for place in places):
                    print(f"{document}:{number}: there is no {path}")
                    failed = 1
sys.exit(failed)
