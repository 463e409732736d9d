#!/usr/bin/env python3
"""wheel_test.py: a wheel of python/, made by Debian's setuptools, installs into a fresh venv that has numpy and nothing else,
and is whole and typed there. Exit code 77: skipped, one of python3-venv, python3-pip, python3-setuptools, python3-wheel is
missing."""

import os
import re
import shutil
import sys
import unittest
import zipfile

from support import PACKAGE, ROOT, TASKS, Case, environment, need, run

need("numpy", "setuptools", "wheel", "pip", "ensurepip")

USE = """
import sys
import numpy
numpy.seterr(all="raise")
import nmn
assert not [m for m in sys.modules if m.startswith("nmn.")], "imports before use"
for name in nmn.__all__:
    assert getattr(nmn, name) is not None
assert "torch" not in sys.modules and "gymnasium" not in sys.modules
try:
    nmn.Run("/nowhere")
except nmn.NotARun as error:
    print(error)
print(nmn.__file__)
"""


class Wheel(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Where it is built setuptools leaves files.
        source = shutil.copytree(PACKAGE, os.path.join(cls.folder, "source"), ignore=shutil.ignore_patterns("__pycache__"))
        run(sys.executable, "-m", "pip", "wheel", "--no-index", "--no-build-isolation", "--no-deps", "--wheel-dir", cls.folder,
            source)
        (name,) = [name for name in os.listdir(cls.folder) if name.endswith(".whl")]
        cls.wheel = os.path.join(cls.folder, name)

    def test_is_pure_and_needs_numpy_alone(self):
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            version = re.search(r"project\(nmn VERSION (\S+)", file.read()).group(1)
        self.assertEqual(os.path.basename(self.wheel), f"nmn_rl-{version}-py3-none-any.whl")
        with zipfile.ZipFile(self.wheel) as wheel:
            names = set(wheel.namelist())
            self.assertTrue(any(name.endswith("/LICENSE") for name in names))
            metadata = wheel.read(f"nmn_rl-{version}.dist-info/METADATA").decode()
        sources = {f"nmn/{name}" for name in os.listdir(os.path.join(PACKAGE, "nmn")) if not name.startswith("__pycache__")}
        self.assertEqual({name for name in names if name.startswith("nmn/")}, sources)
        self.assertIn("nmn/py.typed", sources)
        needs = re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
        self.assertEqual([re.sub("[ ()]", "", need) for need in needs if "extra" not in need], ["numpy>=1.21"])
        self.assertEqual([need.split()[0].split(">")[0] for need in needs if "gym" in need.split(";")[-1]], ["gymnasium"])

    def test_installs_into_a_fresh_venv_and_works_there(self):
        venv = self.place("venv")
        run(sys.executable, "-m", "venv", "--system-site-packages", venv)  # Debian's numpy
        python = os.path.join(venv, "bin", "python")
        run(python, "-m", "pip", "install", "--quiet", "--no-index", self.wheel)
        said = run(python, "-c", USE).splitlines()
        self.assertEqual(said[0], "there is no run directory /nowhere")
        self.assertTrue(said[1].startswith(os.path.realpath(venv)), said[1])

    def test_the_programs_carry_what_plays_a_task_alone(self):
        # They import nmn from what they carry, before what is installed: the first file must need no other.
        with open(os.path.join(ROOT, "bridge", "CMakeLists.txt"), encoding="utf-8") as file:
            carried = re.search(r"set\(python_files (.*?)\)", file.read()).group(1).split()
        folder = self.place("carried")
        os.makedirs(os.path.join(folder, "nmn"))
        for name in carried:
            shutil.copy(os.path.join(PACKAGE, name), os.path.join(folder, "nmn"))
        self.assertIn("nmn/worker.py", carried)
        run(sys.executable, "-c", "import nmn.worker, nmn.lanes, nmn.vectors", PYTHONPATH=os.pathsep.join([folder, TASKS]))


class Types(unittest.TestCase):
    def test_are_those_that_mypy_finds(self):
        if not shutil.which("mypy"):
            self.skipTest("NO MYPY: `make test-python` installs it")
        run("mypy", "--config-file", os.path.join(PACKAGE, "pyproject.toml"), "--cache-dir", os.devnull,
            os.path.join(PACKAGE, "nmn"), PATH=environment()["PATH"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
