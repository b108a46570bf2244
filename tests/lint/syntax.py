"""Fails if a Python file does not parse: syntax.py FILE..."""

import ast
import sys

failed = 0
for path in sys.argv[1:]:
    try:
        with open(path, encoding="utf-8") as file:
            ast.parse(file.read(), path)
    except SyntaxError as error:
        print(f"{path}:{error.lineno}: {error.msg}")
        failed = 1
sys.exit(failed)
