#!/usr/bin/env python3
"""Tells what takes the space in the root of an image: sizes.py ROOT."""

import os
import re
import sys

PARTS = [
    ("the backend, libflambeau_torch.so", r"opt/flambeau/lib/libflambeau"),
    ("LibTorch", r"opt/flambeau/lib/lib(torch|c10|gomp|caffe2)"),
    ("NVIDIA's libraries", r"opt/flambeau/lib/"),
    ("flambeau-server", r"opt/flambeau/bin/flambeau-server$"),
    ("flambeau", r"opt/flambeau/bin/flambeau$"),
    ("gRPC, protobuf, Abseil", r"usr/lib/.*lib(grpc|gpr|protobuf|absl|address_sorting|re2|cares|upb)"),
    ("OpenSSL", r"usr/lib/.*lib(ssl|crypto)"),
    ("the C and C++ libraries", r"usr/lib/.*(libc\.|libm\.|libstdc|libgcc|ld-linux|libpthread|libdl|librt|libresolv)"),
    ("other shared libraries", r"usr/lib/"),
    ("everything else", r""),
]


def main():
    root = sys.argv[1]
    sizes = {name: 0 for name, _ in PARTS}
    for folder, _, files in os.walk(root):
        for file in files:
            path = os.path.join(folder, file)
            name = next(name for name, pattern in PARTS if re.match(pattern, os.path.relpath(path, root)))
            sizes[name] += os.lstat(path).st_size
    for name, size in sorted([*sizes.items(), ("total", sum(sizes.values()))], key=lambda part: part[1]):
        if size > 0:
            print(f"       {size / 1e6:8.1f} MB  {name}")


if __name__ == "__main__":
    main()
