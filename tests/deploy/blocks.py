#!/usr/bin/env python3
"""The shell blocks of docs/operations.md and docs/packages.md, so that tests run what a reader pastes.

Above each block stands <!-- run: NAME --> or, for the reader too, *Not run: REASON.*

usage: blocks.py NAME    prints the block
       blocks.py         checks that every block is marked, and that each NAME is run once: as `run_block NAME` or `start_block NAME` in a script beside this
"""

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
PAGES = [os.path.join(HERE, "..", "..", "docs", name) for name in ("operations.md", "packages.md")]
BLOCK = re.compile(r"(?:(?:<!-- |\*)(run|Not run): ([^\n]+?)(?: -->|\.\*)\n)?```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    blocks = []
    for page in PAGES:
        with open(page, encoding="utf-8") as file:
            blocks += BLOCK.findall(file.read())
    if len(sys.argv) > 1:
        texts = [text for kind, name, text in blocks if (kind, name) == ("run", sys.argv[1])]
        print(*texts, end="")
        return 0 if len(texts) == 1 else 1

    scripts = ""
    for path in glob.glob(os.path.join(HERE, "*.sh")):
        with open(path, encoding="utf-8") as file:
            scripts += file.read()
    run_by_tests = re.findall(r"(?:run|start)_block ([a-z][a-z-]*)", scripts)
    names = [name for kind, name, _ in blocks if kind == "run"]
    problems = [f"no line says whether this block is run: {text!r}" for kind, _, text in blocks if not kind]
    problems += [f"{name}: run by {run_by_tests.count(name)} tests" for name in names if run_by_tests.count(name) != 1]
    problems += [f"{name}: no block of either page" for name in run_by_tests if name not in names]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"blocks: {len(blocks)}, run: {len(names)}, problems: {len(problems)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
