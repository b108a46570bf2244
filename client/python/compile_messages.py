"""Compiles proto/ into the wheel as a set of descriptors, of which messages.py makes classes."""

import os

from grpc_tools import protoc
from setuptools.command.build_py import build_py

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")


class BuildPy(build_py):
    def run(self) -> None:
        super().run()
        out = os.path.join(self.build_lib, "flambeau_client", "inference.binpb")
        if protoc.main(["protoc", f"-I{PROTO}", "--include_imports", f"--descriptor_set_out={out}",
                        "inference.proto"]) != 0:  # fmt: skip
            raise SystemExit(f"{PROTO}/inference.proto could not be compiled")
