"""Counts what build/results holds, by kind: summary.py RESULTS. Fails if anything failed.

Each folder is a kind. ctest.xml lists the programs that CTest ran; a program that wrote its own
<name>.xml (GoogleTest, pytest) counts by its cases. A .status file is one check's exit status.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(path):
    """(passed, failed, skipped) of a GoogleTest or pytest report."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("result") == "skipped":
            skipped += 1
        elif case.get("status") != "notrun":
            passed += 1
    return passed, failed, skipped


def count_kind(folder):
    passed = failed = skipped = 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".status"):
            with open(path, encoding="utf-8") as file:
                ok = file.read().strip() == "0"
            passed, failed = passed + ok, failed + (not ok)
    ctest = os.path.join(folder, "ctest.xml")
    if os.path.exists(ctest):
        for program in ElementTree.parse(ctest).getroot().iter("testcase"):
            ok = program.get("status") == "run"
            counts = (int(ok), int(not ok), 0)
            for name in (program.get("name"), program.get("name") + "_test"):
                report = os.path.join(folder, name + ".xml")
                if os.path.exists(report):
                    counts = count_cases(report)
                    if not ok and counts[1] == 0:  # a sanitizer's finding, a crash after the last case
                        counts = (counts[0], 1, counts[2])
            passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    elif not passed and not failed:
        failed = 1  # the program that should have written the report did not run
    return passed, failed, skipped


def main():
    results = sys.argv[1]
    total_passed = total_failed = 0
    print()
    for kind in sorted(os.listdir(results)):
        passed, failed, skipped = count_kind(os.path.join(results, kind))
        total_passed += passed
        total_failed += failed
        print(f"  {kind:14} {passed:5} passed" + f", {failed} failed" * bool(failed)
              + f", {skipped} skipped" * bool(skipped))
    print()
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
