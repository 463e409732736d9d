#!/usr/bin/env python3
"""The table of limits in docs/security.md says what the code has: every row names its constant and file, or its field of the
configuration; every limit of the files in ALL has a row, every flag --limit_.. its own, and every label of the metric.

usage: limits_test.py
"""

import os
import re
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
PAGE = "docs/security.md"
ROW = re.compile(r"^\| ([^|]+) \| ([\d.]+) ?(MiB|KiB|B|s|) \| [^|]+ \| (?:-|`([\w.-]+)`) \| (?:-|`(\w+)`) \| `([\w.]+)`(?:, `([\w./]+)`)? \|$", re.MULTILINE)
FACTOR = {"MiB": 1 << 20, "KiB": 1 << 10, "B": 1, "s": 1, "": 1}
# In these files all constants whose name fits are limits of what others may take.
ALL = {
    "common/net/channel.h": r"kMax\w+",
    "common/metrics/http_server.h": None,  # the fields of its struct Limits
    "learner/service/limits.h": None,
}
FLAGS = "learner/run/limit_flags.cc"
METRICS = "learner/metrics/limits_reached.h"


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def value(expression):
    """Of a literal, perhaps shifted or in size_t{..}; milliseconds stay milliseconds."""
    match = re.fullmatch(r"(?:size_t\{)?([\d'.]+)\}?(?: << (\d+))?", expression.strip())
    if not match:
        raise ValueError(f"{expression}: this test reads literals and shifts only")
    number = float(match[1].replace("'", ""))
    return number * (1 << int(match[2] or 0))


def of_code(name, file):
    if file is None:  # docs/configuration.md is compared with the presets by another test
        match = re.search(rf"^\| `{re.escape(name)}` \|.*\| (\d+) \|$", read("docs/configuration.md"), re.MULTILINE)
        return float(match[1]) if match else None
    match = re.search(rf"\b{name}(?: = ([^;]+);|\{{(\d+)\}};)", read(file))
    if not match:
        return None
    # std::chrono::milliseconds and ..Ms
    in_ms = name.endswith("Ms") or re.search(rf"milliseconds {name}\b", read(file))
    return value(match[1] or match[2]) / (1000 if in_ms else 1)


def names(file, pattern):
    text = read(file)
    if pattern is None:
        body = re.search(r"struct Limits \{(.*?)\n *\};", text, re.DOTALL)[1]
        return re.findall(r"^ +[\w:]+ (\w+)(?: = |\{)", body, re.MULTILINE)
    return re.findall(rf"constexpr \w+ ({pattern}) =", text)


def main():
    section = read(PAGE).split("\n## Limits\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    rows = ROW.findall(section)
    problems = [] if len(rows) == len(lines) else [f"{PAGE}: {len(lines)} rows, {len(rows)} can be read"]
    for what, number, unit, flag, _, name, file in rows:
        found = of_code(name, file or None)
        if found != float(number) * FACTOR[unit]:
            problems.append(f"{PAGE}: {what}: {number} {unit}, but {name} in {file or 'docs/configuration.md'} is {found}")
        if (f"--limit_{name}" if file == "learner/service/limits.h" else flag) != flag:
            problems.append(f"{PAGE}: {what}: the flag of {name} is --limit_{name}, not {flag}")
    listed = {(name, file) for *_, name, file in rows}
    for label, told, file, pattern in (("flag", {row[3] for row in rows if row[3].startswith("--")}, FLAGS, r'add\("(--limit_\w+)"'),
                                       ("metric", {row[4] for row in rows} - {""}, METRICS, r'^    "(.*)"};')):
        found = re.findall(pattern, read(file), re.MULTILINE)
        there = {name for match in found for name in match.split('", "')}
        problems += [f"{PAGE}: no row has the {label} {name} of {file}" for name in sorted(there - told)]
        problems += [f"{PAGE}: {file} has no {label} {name}" for name in sorted(told - there)]
    for file, pattern in ALL.items():
        found = names(file, pattern)
        if not found:
            problems.append(f"{file}: has no limit that this test can find")
        problems += [f"{PAGE}: no row for {name} of {file}" for name in found if (name, file) not in listed]
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    print(f"{len(rows)} limits, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
