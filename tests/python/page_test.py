#!/usr/bin/env python3
"""page_test.py BIN: every block of docs/python.md runs, in the order of the page, python in one namespace as in a notebook, sh
with small budgets and the program in BIN. The line above a block may say
  <!-- not run: REASON -->
  <!-- needs MODULE -->      it is skipped, and said so, where the module is missing
"""

import contextlib
import importlib.util
import io
import os
import re
import sys

from support import ROOT, Case, environment, main, need, run

need("numpy")

BLOCK = re.compile(r"(?:<!-- ([^\n]+) -->\n)?```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UPDATES = 2  # of each training


class Page(Case):
    def test_every_block_runs(self):
        with open(os.path.join(ROOT, "docs", "python.md"), encoding="utf-8") as file:
            blocks = BLOCK.findall(file.read())
        self.assertGreater(len(blocks), 10)
        os.symlink(os.path.join(ROOT, "examples"), self.place("examples"))
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        namespace, printed = {"__name__": "page"}, {}
        for mark, kind, text in blocks:
            module = mark.removeprefix("needs ")
            if mark.startswith("not run: "):
                print(mark, flush=True)
            elif mark and not mark.startswith("needs "):
                self.fail(f"nobody knows this mark: {mark}")
            elif mark and importlib.util.find_spec(module) is None:
                print(f"SKIPPED: NO {module.upper()} for {sys.executable}: {text.splitlines()[0]}", flush=True)
            elif kind == "sh":
                text = re.sub(r"--updates=\d+", f"--updates={UPDATES}", text)
                run("bash", "-euo", "pipefail", "-c", text, NMN_PYTHON=sys.executable,
                    PATH=os.pathsep.join([os.path.realpath(sys.argv[1]), environment()["PATH"]]))
            else:
                said = io.StringIO()
                with contextlib.redirect_stdout(said):
                    exec(compile(text, f"docs/python.md: {text.splitlines()[0]}", "exec"), namespace)
                printed[text] = said.getvalue()
        # What the page says that a block prints.
        for text, said in printed.items():
            for wanted in re.findall(r"print\(\w+\) +# (.*)$", text, re.MULTILINE):
                self.assertIn(wanted, said.splitlines())


if __name__ == "__main__":
    sys.argv[1] = os.path.realpath(sys.argv[1])
    main()
