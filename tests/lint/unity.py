"""Sources that clang-tidy can read as one: headers, the larger part of its work, are then read once.

What two sources keep in unnamed namespaces may have one name. Such sources are kept apart as far as a
look at their text tells; where it does not, clang's error does, and the caller splits the group.
"""

import collections
import os
import re
import shlex

SIZE = 10

# What a source declares at the left margin, or as a member of nothing: types, functions, constants.
DECLARATIONS = re.compile(
    r"^(?:class|struct|enum class|enum|union)\s+(\w+)[^;]*$"
    r"|^using\s+(\w+)\s*="
    r"|^#define\s+(\w+)"
    r"|^(?:[\w:<>,&*\[\]]+ )+[*&]?(\w+)\("
    r"|^(?:inline |static |thread_local |constexpr |const )+[^=;({]*?(\w+)(?:\[\w*\])?\s*[={]"
    r"|^TEST(?:_F|_P)?\((\w+, ?\w+)",
    re.MULTILINE)


def flags_of(entry):
    """How an entry of the compile database compiles, whatever it compiles."""
    words = shlex.split(entry["command"])
    if "-o" in words:
        at = words.index("-o")
        del words[at:at + 2]
    return shlex.join(word for word in words if word not in ("-c", entry["file"]))


def declared(path):
    with open(path, encoding="utf-8") as file:
        return {next(filter(None, found)) for found in DECLARATIONS.findall(file.read())}


def groups(entries):
    """[[path, ...]]: of one folder, compiled alike, and with no name in common."""
    alike = collections.defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry["file"]):
        alike[os.path.dirname(entry["file"]), flags_of(entry)].append(entry["file"])
    found = []
    for paths in alike.values():
        open_groups = []
        for path in paths:
            names = declared(path)
            for group, taken in open_groups:
                if len(group) < SIZE and not taken & names:
                    group.append(path)
                    taken |= names
                    break
            else:
                open_groups.append(([path], names))
        found += [group for group, _ in open_groups]
    return found


def write(folder, name, paths):
    """The source that includes them."""
    together = os.path.join(folder, name + ".cc")
    with open(together, "w", encoding="utf-8") as file:
        file.writelines(f'#include "{path}"\n' for path in paths)
    return together
