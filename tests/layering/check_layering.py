#!/usr/bin/env python3
"""Checks that server/ keeps its order: check_layering.py --source ROOT --build BUILD [--libtorch DIR].

Two sources of truth: the files that the compiler read for each object (Ninja's dependency log), which
nothing can hide from, and the #include lines, which also cover headers no object uses yet.

  order       a folder includes only itself and folders to its right
  sole users  a third-party library is used only by the folders that own it
  sources     at most so many .cc files read an expensive header

The rules are the three tables below; docs/architecture.md explains them.
"""

import argparse
import os
import re
import subprocess
import sys

# Left includes right. Folders of one rank do not include each other.
ORDER = [
    ["main"], ["app"], ["config"], ["http", "grpc"], ["wire"], ["serving"], ["repository"],
    ["batching"], ["backend"], ["spec"], ["codec"], ["tensor"], ["metrics"], ["base"],
]  # fmt: skip
RANK = {folder: rank for rank, folders in enumerate(ORDER) for folder in folders}

# (library, path that the compiler read, #include line, folders that may use it).
LIBRARIES = [
    ("CLI11", r"/CLI/[A-Z]\w*\.hpp$", r"CLI/", ["config"]),
    ("cpp-httplib", r"/httplib\.h$", r"httplib\.h", ["http"]),
    ("OpenSSL", r"/openssl/\w+\.h$", r"openssl/", ["http", "app"]),
    ("libseccomp", r"/seccomp\.h$", r"seccomp\.h", ["app"]),
    ("zlib", r"/include/zlib\.h$", r"zlib\.h", ["http"]),
    ("gRPC", r"/grpc(\+\+|pp)?/", r"grpc(\+\+|pp)?/(?!server\.h)\w", ["grpc"]),
    ("protobuf", r"/google/protobuf/", r"(google/protobuf/|.*\.pb\.h)", ["grpc", "spec"]),
    ("nlohmann", r"/nlohmann/", r"nlohmann/", ["config", "spec", "wire"]),
    ("spdlog", r"/spdlog/", r"spdlog/", ["base"]),
    ("prometheus-cpp", r"/prometheus/\w+\.h$", r"prometheus/", ["metrics"]),
    ("LibTorch", None, r"(torch|ATen|c10)/", ["backend/torch"]),
    ("Abseil's status", None, r"absl/status/", ["base"]),
]

# Headers that cost seconds in each source: (header, path, how many sources may read it).
EXPENSIVE = [
    ("httplib.h", r"/httplib\.h$", 2),
    ("LibTorch", r"/torch/csrc/|/ATen/", 12),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')


def folder_of(path, source):
    """The folder of server/ that a file lies in ("main" for server/main.cc), or None."""
    relative = os.path.relpath(path, os.path.join(source, "server"))
    if relative.startswith(".."):
        return None
    parts = relative.split(os.sep)
    return parts[0] if len(parts) > 1 else "main"


def inside(path, source, folders):
    """Does `path` lie in one of `folders` of server/?"""
    relative = os.path.relpath(path, os.path.join(source, "server"))
    return any(relative.startswith(folder + os.sep) for folder in folders)


def order_fault(user, used):
    """Why folder `user` may not include a file of folder `used`, or None."""
    if user == used:
        return None
    for folder in (user, used):
        if folder not in RANK:
            return f"server/{folder} has no place in the order; give it one in check_layering.py"
    if RANK[user] < RANK[used]:
        return None
    return f"{user} may not include {used}"


def read_dependencies(text, build):
    """Ninja's `-t deps` -> {object: [source, header, ...]}, absolute paths."""
    objects = {}
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if not lines or ": #deps" not in lines[0]:
            continue
        name = lines[0].split(": #deps")[0]
        objects[name] = [os.path.normpath(os.path.join(build, line.strip())) for line in lines[1:]]
    return objects


def check_objects(objects, source, libtorch):
    """Faults seen in what the compiler read."""
    faults = []
    readers = {header: set() for header, _, _ in EXPENSIVE}
    for files in objects.values():
        if not files:
            continue
        unit, headers = files[0], files[1:]
        user = folder_of(unit, source)
        if user is None:
            continue
        name = os.path.relpath(unit, source)
        for header in headers:
            used = folder_of(header, source)
            if used is not None:
                fault = order_fault(user, used)
                if fault:
                    faults.append(f"{name}: reads {os.path.relpath(header, source)}: {fault}")
                continue
            of_torch = bool(libtorch) and header.startswith(libtorch.rstrip(os.sep) + os.sep)
            for library, path, _, owners in LIBRARIES:
                # LibTorch carries copies of other libraries' headers: inside it, only it counts.
                hit = of_torch if library == "LibTorch" else (
                    not of_torch and path is not None and re.search(path, header))
                if hit and not inside(unit, source, owners):
                    faults.append(f"{name}: reads {header}: {library} is for {', '.join(owners)} only")
            for expensive, path, _ in EXPENSIVE:
                if re.search(path, header) and (of_torch or expensive != "LibTorch"):
                    readers[expensive].add(name)
    for header, _, limit in EXPENSIVE:
        if len(readers[header]) > limit:
            faults.append(f"{header} is read by {len(readers[header])} sources, at most {limit} may: "
                          + ", ".join(sorted(readers[header])))
    return faults


def check_includes(files, source):
    """Faults seen in #include lines; `files`: {path: text}."""
    faults = []
    for path, text in files.items():
        user = folder_of(path, source)
        name = os.path.relpath(path, source)
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            include = match.group(1)
            used = folder_of(os.path.join(source, "server", include), source)
            if os.path.exists(os.path.join(source, "server", include)):
                fault = order_fault(user, used)
                if fault:
                    faults.append(f"{name}:{number}: {fault}")
                continue
            for library, _, pattern, owners in LIBRARIES:
                if re.match(pattern, include) and not inside(path, source, owners):
                    faults.append(f"{name}:{number}: {library} is for {', '.join(owners)} only")
            header_of_grpc = path.endswith(".h") and inside(path, source, ["grpc", "spec"])
            if header_of_grpc and re.match(r"google/protobuf/|.*\.pb\.h", include):
                if not os.path.basename(path).endswith("_internal.h"):
                    faults.append(f"{name}:{number}: protobuf belongs into .cc files and *_internal.h")
    return faults


def read_sources(source):
    files = {}
    for folder, _, names in os.walk(os.path.join(source, "server")):
        for name in names:
            if name.endswith((".h", ".cc")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    files[path] = file.read()
    return files


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--libtorch", default="")
    arguments = parser.parse_args()
    source, build = os.path.abspath(arguments.source), os.path.abspath(arguments.build)
    text = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    objects = read_dependencies(text, build)
    files = read_sources(source)
    seen = {unit[0] for unit in objects.values() if unit} & set(files)
    if not seen:
        sys.exit(f"check_layering: {build} knows no object of {source}/server: build first")
    faults = check_objects(objects, source, arguments.libtorch) + check_includes(files, source)
    for fault in sorted(set(faults)):
        print(fault)
    print(f"{len(seen)} objects, {len(files)} files: {len(set(faults))} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
