"""Runs clang-tidy over every source of the compile database, in parallel.

Sources are read in groups (see unity.py); one whose own text, project headers, command and settings
were clean before is not read again, in this clone or another: the keys of clean ones are kept in
--cache.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

import unity

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("server", "client", "tests")
# Of a group the sources are included too.
SOURCES = "--header-filter=(server|client|tests)/.*\\.(h|cc)$"


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def project_sources(build):
    """The compile database's entries of our own files, without GCC's precompiled headers."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    wanted = {}
    for entry in entries:
        relative = os.path.relpath(entry["file"], ROOT)
        if not relative.startswith(tuple(folder + os.sep for folder in FOLDERS)):
            continue
        command = re.sub(r"\s-include \S*cmake_pch\.hxx", "", entry["command"])
        command = command.replace("-Winvalid-pch", "")
        words = shlex.split(command)
        if os.path.basename(words[0]) == "ccache":
            words = words[1:]
        entry["command"] = shlex.join(words)
        wanted[entry["file"]] = entry
    return wanted


def dependencies(build):
    """Source -> the project's files its object was made of, as the compiler told Ninja."""
    text = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for block in text.split("\n\n"):
        files = [line.strip() for line in block.splitlines() if line.startswith("    ")]
        files = [os.path.normpath(os.path.join(build, name)) for name in files]
        if files:
            found[files[0]] = sorted(name for name in files if name.startswith(ROOT + os.sep))
    return found


def key_of(entry, files, settings):
    digest = hashlib.sha256(settings)
    digest.update(entry["command"].replace(ROOT, ".").encode())
    for name in files:
        digest.update(os.path.relpath(name, ROOT).encode())
        digest.update(hashlib.sha256(read_bytes(name)).digest())
    return digest.hexdigest()


def run_one(paths, entries, folder):
    """[(paths, exit status, output, seconds)]: one of all, or of its parts if they cannot be read as one."""
    started = time.monotonic()
    together = paths[0]
    if len(paths) > 1:
        together = unity.write(folder, hashlib.sha256("".join(paths).encode()).hexdigest()[:16], paths)
    flags = shlex.split(unity.flags_of(entries[paths[0]]))[1:]
    result = subprocess.run(["clang-tidy", "--quiet", SOURCES, together, "--", *flags],
                            cwd=entries[paths[0]]["directory"], capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    if len(paths) > 1 and "clang-diagnostic-error" in output:
        middle = len(paths) // 2
        return [*run_one(paths[:middle], entries, folder), *run_one(paths[middle:], entries, folder)]
    return [(paths, result.returncode, output, time.monotonic() - started)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="run sources whose path contains this")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    cache = os.path.abspath(arguments.cache)
    os.makedirs(cache, exist_ok=True)

    sources = project_sources(build)
    folder = os.path.join(build, "tidy")
    os.makedirs(folder, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    settings = version + read_bytes(os.path.join(ROOT, ".clang-tidy"))
    made_of = dependencies(build)

    keys = {}
    for path, entry in sources.items():
        if arguments.only in path and os.path.exists(path):
            keys[path] = key_of(entry, made_of.get(path, [path]), settings)
    todo = [sources[path] for path, key in keys.items() if not os.path.exists(os.path.join(cache, key))]
    # The slowest first, so that the last one does not run alone.
    todo = sorted(unity.groups(todo), key=lambda paths: -sum(len(made_of.get(path, [])) for path in paths))

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for parts in pool.map(lambda paths: run_one(paths, sources, folder), todo):
            for paths, code, output, seconds in parts:
                names = " ".join(os.path.relpath(path, ROOT) for path in paths)
                print(f"{'ok    ' if code == 0 else 'failed'} {seconds:5.1f} s  {names}", flush=True)
                failed += len(paths) if code else 0
                if code:
                    print(output, flush=True)
                    continue
                for path in paths:
                    with open(os.path.join(cache, keys[path]), "w", encoding="utf-8"):
                        pass
    print(f"{len(keys)} sources, {len(keys) - sum(map(len, todo))} unchanged since they were clean, "
          f"{failed} with findings or beside one")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
