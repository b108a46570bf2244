"""check_layering can fail: each rule is broken once, and kept once."""

import os
import tempfile
import unittest

import check_layering as layering

SOURCE = "/src"
TORCH = "/opt/libtorch"


def objects(unit, *headers):
    return {"x.o": [f"{SOURCE}/server/{unit}", *headers]}


def faults_of(unit, *headers):
    return layering.check_objects(objects(unit, *headers), SOURCE, TORCH)


class Order(unittest.TestCase):
    def test_a_folder_may_read_those_below_it(self):
        self.assertEqual(faults_of("http/a.cc", f"{SOURCE}/server/wire/b.h"), [])
        self.assertEqual(faults_of("main.cc", f"{SOURCE}/server/app/b.h"), [])

    def test_not_those_above_it(self):
        (fault,) = faults_of("base/a.cc", f"{SOURCE}/server/tensor/b.h")
        self.assertEqual(fault, "server/base/a.cc: reads server/tensor/b.h: base may not include tensor")

    def test_nor_one_of_its_own_rank(self):
        self.assertEqual(len(faults_of("http/a.cc", f"{SOURCE}/server/grpc/b.h")), 1)

    def test_an_unknown_folder_is_a_fault(self):
        (fault,) = faults_of("newcomer/a.cc", f"{SOURCE}/server/base/b.h")
        self.assertIn("has no place in the order", fault)


class SoleUsers(unittest.TestCase):
    def broken_and_kept(self, header, owner, other):
        self.assertEqual(faults_of(f"{owner}/a.cc", header), [], header)
        self.assertEqual(len(faults_of(f"{other}/a.cc", header)), 1, header)

    def test_each_library_has_its_folder(self):
        self.broken_and_kept("/usr/include/CLI/App.hpp", "config", "app")
        self.broken_and_kept("/any/httplib.h", "http", "grpc")
        self.broken_and_kept("/usr/include/openssl/ssl.h", "http", "grpc")
        self.broken_and_kept("/usr/include/grpcpp/server.h", "grpc", "http")
        self.broken_and_kept("/usr/include/google/protobuf/message.h", "grpc", "wire")
        self.broken_and_kept("/usr/include/nlohmann/json.hpp", "wire", "http")
        self.broken_and_kept("/usr/include/spdlog/spdlog.h", "base", "app")
        self.broken_and_kept("/usr/include/prometheus/registry.h", "metrics", "serving")
        self.broken_and_kept(f"{TORCH}/include/ATen/ATen.h", "backend/torch", "backend/fake")

    def test_libtorch_s_own_copies_of_others_are_libtorch(self):
        self.assertEqual(faults_of("backend/torch/a.cc", f"{TORCH}/include/google/protobuf/any.h"), [])

    def test_an_expensive_header_has_few_readers(self):
        many = {str(n): [f"{SOURCE}/server/http/{n}.cc", "/any/httplib.h"] for n in range(3)}
        (fault,) = layering.check_objects(many, SOURCE, TORCH)
        self.assertIn("httplib.h is read by 3 sources, at most 2 may", fault)


class IncludeLines(unittest.TestCase):
    def check(self, path, line):
        with tempfile.TemporaryDirectory() as source:
            for folder in ("wire", "http", "base"):
                os.makedirs(os.path.join(source, "server", folder))
                with open(os.path.join(source, "server", folder, "x.h"), "w", encoding="utf-8"):
                    pass
            return layering.check_includes({os.path.join(source, "server", path): line}, source)

    def test_a_header_that_nothing_compiles_is_checked_too(self):
        self.assertEqual(self.check("http/a.h", '#include "wire/x.h"'), [])
        self.assertEqual(self.check("wire/a.h", '#include "http/x.h"'),
                         ["server/wire/a.h:1: wire may not include http"])

    def test_a_library_is_named_by_its_folder_only(self):
        self.assertEqual(self.check("metrics/a.cc", "#include <prometheus/registry.h>"), [])
        self.assertEqual(self.check("http/a.cc", "#include <prometheus/registry.h>"),
                         ["server/http/a.cc:1: prometheus-cpp is for metrics only"])
        self.assertEqual(len(self.check("http/a.cc", '#include "absl/status/status.h"')), 1)

    def test_protobuf_stays_out_of_public_headers(self):
        self.assertEqual(len(self.check("grpc/a.h", '#include "inference.pb.h"')), 1)
        self.assertEqual(self.check("grpc/a.cc", '#include "inference.pb.h"'), [])


class NinjaLog(unittest.TestCase):
    def test_is_read_as_written(self):
        text = "a.o: #deps 2, deps mtime 17 (VALID)\n    ../server/a.cc\n    /usr/include/b.h\n\n"
        self.assertEqual(layering.read_dependencies(text, "/src/build"),
                         {"a.o": ["/src/server/a.cc", "/usr/include/b.h"]})


if __name__ == "__main__":
    unittest.main()
