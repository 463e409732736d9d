#!/usr/bin/env python3
"""Every section of docs/specification.md that a file of the repository cites is a heading of that page, and there are citations at all.

usage: citations_test.py
"""

import os
import re
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
PAGE = "docs/specification.md"
# "section 2.3", "sections 1 and 2.5"; a comment may break the line anywhere.
CITATION = re.compile(r"docs/specification\.md,?[\s/#*]+sections?[\s/#*]+(\d(?:\.\d+)?)(?:[\s/#*]+and[\s/#*]+(\d(?:\.\d+)?))?")


def main():
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        sections = set(re.findall(r"^###? (\d(?:\.\d+)?) ", file.read(), re.MULTILINE))
    files = subprocess.run(["git", "grep", "-Il", PAGE, "--", "*.cc", "*.h", "*.proto"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    cited, problems = 0, []
    for name in files:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        found = [section for match in CITATION.findall(text) for section in match if section]
        cited += len(found)
        problems += [f"{name}: {PAGE} has no section {section}" for section in found if section not in sections]
        if text.count(PAGE) > len(CITATION.findall(text)):
            problems.append(f"{name}: cites {PAGE} without a section")
    lost = subprocess.run(["git", "grep", "-In", r"\bnmn\.md", "--", "*.cc", "*.h", "*.proto"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    problems += [f"{line}: no such page; cite {PAGE}" for line in lost.stdout.splitlines()]
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    print(f"{cited} citations in {len(files)} files, {len(sections)} sections, {len(problems)} problems")
    return 1 if problems or cited < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
