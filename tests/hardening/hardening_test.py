#!/usr/bin/env python3
"""What an attacker would have to get past in the programs that are shipped, and what `make sbom` says of them.

usage: hardening_test.py BIN
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = ("nmn", "nmn-actor", "nmn-learner")
SBOM = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "deploy", "sbom.py")


def readelf(flag, path):
    return subprocess.run(["readelf", "-W", flag, path], check=True, stdout=subprocess.PIPE, text=True).stdout


def faults_of(path):
    """What the program lacks, by name."""
    header, segments = readelf("-h", path), readelf("-l", path)
    dynamic, symbols = readelf("-d", path), readelf("--dyn-syms", path)
    stack = re.search(r"GNU_STACK .* (R[W ][E ]) ", segments)
    conditions = {
        "position independence (PIE)": "(Position-Independent Executable file)" in header,
        "read-only relocations (RELRO)": "GNU_RELRO" in segments,
        "binding of all symbols at the start": "BIND_NOW" in dynamic and re.search(r"FLAGS_1.* NOW", dynamic) is not None,
        "a stack that cannot be executed": stack is not None and "E" not in stack.group(1),
        "no segment that is written and executed": re.search(r"LOAD .* RWE ", segments) is None,
        "no relocations in code": "TEXTREL" not in dynamic,
        "no search path of libraries": re.search(r"R(UN)?PATH", dynamic) is None,
        "protected stacks": "__stack_chk_fail" in symbols,
        "fortified calls": re.search(r"__(memcpy|snprintf|read|fprintf)_chk", symbols) is not None,
    }
    return [name for name, holds in conditions.items() if not holds]


class Hardening(unittest.TestCase):
    folder = ""

    def test_every_program_is_hardened(self):
        for program in PROGRAMS:
            self.assertEqual(faults_of(os.path.join(self.folder, program)), [], program)

    def test_a_program_without_it_is_found_out(self):
        with tempfile.TemporaryDirectory() as folder:
            source, plain = os.path.join(folder, "plain.c"), os.path.join(folder, "plain")
            with open(source, "w", encoding="utf-8") as file:
                file.write("int main(void) { return 0; }\n")
            subprocess.run(["cc", "-no-pie", "-fno-stack-protector", "-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/tmp", source, "-o", plain], check=True)
            faults = faults_of(plain)
        for lacking in ("position independence (PIE)", "read-only relocations (RELRO)", "binding of all symbols at the start",
                        "a stack that cannot be executed", "no search path of libraries", "protected stacks", "fortified calls"):
            self.assertIn(lacking, faults)

    def test_the_bill_of_materials_names_every_library_with_its_licence(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "nmn.cdx.json")
            subprocess.run([sys.executable, SBOM, self.folder, f"--out={out}"], check=True, stdout=subprocess.DEVNULL)
            with open(out, encoding="utf-8") as file:
                bill = json.load(file)
        components = {component["name"]: component for component in bill["components"]}
        for name in (*PROGRAMS, "libc6", "libssl3", "libgrpc++1.51", "libprotobuf32", "libtorch1.13", "libcli11-dev"):
            self.assertIn(name, components)
        for name, component in components.items():
            self.assertTrue(component["version"] and component["licenses"], name)
        needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
        self.assertTrue(any("libtorch" in name for name in needs["nmn"]))
        self.assertFalse(any("libtorch" in name for name in needs["nmn-actor"]), "an actor needs no LibTorch")


if __name__ == "__main__":
    Hardening.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
