#!/usr/bin/env python3
"""Checks the alert rules: promtool's own checks and unit tests, and that each alert is tested both ways, says how bad it is and has
a section in docs/runbook.md (and each section an alert)."""

import os
import re
import subprocess
import sys

import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
PROMETHEUS = os.path.join(ROOT, "deploy", "prometheus")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def promtool(*arguments):
    result = subprocess.run(["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True)
    if result.returncode != 0:
        return [f"promtool {' '.join(arguments)}:\n{result.stdout}{result.stderr}"]
    return []


def problems_of(alert, tests, headings):
    name = alert["alert"]
    problems = []
    if not re.fullmatch(r"Nmn([A-Z][a-z]+)+", name):
        problems.append("its name is not Nmn and words in capitals")
    if alert.get("labels", {}).get("severity") not in ("critical", "warning"):
        problems.append("severity must be critical or warning")
    annotations = alert.get("annotations", {})
    if not annotations.get("summary"):
        problems.append("no summary")
    if annotations.get("runbook_url") != f"docs/runbook.md#{name.lower()}":
        problems.append(f"runbook_url must be docs/runbook.md#{name.lower()}")
    if name not in headings:
        problems.append(f"docs/runbook.md has no heading '## {name}'")
    fired = [bool(test["exp_alerts"]) for test in tests if test["alertname"] == name]
    if True not in fired:
        problems.append("rules_test.yaml never wants it to fire")
    # Not firing is a test that expects nothing, or a series beside the faulty one that is not expected.
    instances = {labels for group in tests if group["alertname"] == name for labels in group["instances"]}
    firing = {a["exp_labels"]["instance"] for t in tests if t["alertname"] == name for a in t["exp_alerts"]}
    if False not in fired and not instances - firing:
        problems.append("rules_test.yaml never wants it not to fire")
    return [f"{name}: {problem}" for problem in problems]


def main():
    problems = promtool("check", "config", "--syntax-only", "prometheus.yml") + promtool("check", "rules", "rules.yaml")
    problems += promtool("test", "rules", "rules_test.yaml")

    alerts = [rule for group in yaml.safe_load(read("deploy", "prometheus", "rules.yaml"))["groups"] for rule in group["rules"]]
    tests = []
    for group in yaml.safe_load(read("deploy", "prometheus", "rules_test.yaml"))["tests"]:
        instances = {match for series in group["input_series"] for match in re.findall(r'instance="([^"]+)"', series["series"])}
        tests += [dict(test, instances=instances) for test in group["alert_rule_test"]]
    headings = re.findall(r"^## (.+)$", read("docs", "runbook.md"), re.MULTILINE)
    for alert in alerts:
        problems += problems_of(alert, tests, headings)
    for heading in headings:
        if heading not in [alert["alert"] for alert in alerts]:
            problems.append(f"docs/runbook.md: '{heading}' is no alert of rules.yaml")

    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"alerts: {len(alerts)}, unit tests: {len(tests)}, runbook sections: {len(headings)}, problems: {len(problems)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
