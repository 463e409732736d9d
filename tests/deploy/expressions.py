#!/usr/bin/env python3
"""Runs every expression of every dashboard panel, variable, annotation and alert rule against a live Prometheus.

A panel's expression must give at least one number within the last minutes; one about trials must only be understood, because the run may
be of a task without any. An alert's expression gives none while all is well, so its
selectors must: what the rule compares is there. Every nmn_ metric named must exist, and every label must be one of a known few.

  expressions.py http://127.0.0.1:9090 [--wait=SECONDS] [--dashboards=FOLDER]
"""

import argparse
import json
import math
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
DASHBOARDS = os.path.join(ROOT, "deploy", "grafana", "dashboards")
RULES = os.path.join(ROOT, "deploy", "prometheus", "rules.yaml")

SPAN_SECONDS = 300
STEP_SECONDS = 5
POLL_SECONDS = 1
LABELS = {
    "__name__", "job", "instance", "le",  # Prometheus' own
    "sweep_run",  # of the targets that nmn sweep lists
    "version", "commit", "rounding_class",  # nmn_build_info
    "run", "benchmark", "arch", "preset", "seed",  # nmn_run_info
    "phase", "step", "verdict", "method", "code", "outcome", "trial",
    "reason",  # nmn_tls_refused_total
    "limit",  # nmn_limit_reached_total
}
MOST_SERIES = 80  # of one metric of one process: a histogram of four methods, or four methods by seventeen codes
NAN_IS_DATA = ("nmn_kl_penalty_beta",)  # NaN where the objective has no penalty
OF_TRIALS = "nmn_trial_"  # metrics that only a run of a task with trials has
SELECTOR = re.compile(r"\b(?:nmn_\w+|up|process_\w+)(?:\{[^}]*\})?")


class Prometheus:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error).get("error", str(error))) from error

    def range(self, expression, span=SPAN_SECONDS):
        """Series as (labels, [(time, value)]), of the last `span` seconds."""
        now = time.time()
        data = self.get("query_range", query=expression, start=now - span, end=now, step=STEP_SECONDS)
        return [(one["metric"], [(at, float(value)) for at, value in one["values"]]) for one in data["result"]]

    def has_numbers(self, expression):
        nan_too = any(metric in expression for metric in NAN_IS_DATA)
        return any(nan_too or not math.isnan(value) for _, values in self.range(expression) for _, value in values)


def substituted(expression, choices=None):
    """Variables as chosen, or else as 'All', the rate's interval as a minute."""
    values = {"__rate_interval": "1m", **(choices or {})}
    return re.sub(r"\$(\w+)", lambda match: values.get(match[1], ".+"), expression)


def variable_query(variable):
    """(metric, label) whose values are a variable's choices."""
    return re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()


def dashboard_files(folder=DASHBOARDS):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            yield name, json.load(file)


def wanted(folder):
    """What must give numbers: (where, expression). What must be understood: the same."""
    numbers, understood = [], []
    for name, dashboard in dashboard_files(folder):
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                numbers.append((f"{name}, panel '{panel['title']}'", substituted(target["expr"])))
        for variable in dashboard["templating"]["list"]:
            metric, label = variable_query(variable)
            numbers.append((f"{name}, variable {variable['name']}", f'{metric}{{{label}!=""}}'))
        for annotation in dashboard["annotations"]["list"]:
            understood.append((f"{name}, annotation {annotation['name']}", annotation["target"]["expr"]))
    with open(RULES, encoding="utf-8") as file:
        for group in yaml.safe_load(file)["groups"]:
            for rule in group["rules"]:
                understood.append((f"rule {rule['alert']}", rule["expr"]))
                numbers += [(f"rule {rule['alert']}", selector) for selector in SELECTOR.findall(rule["expr"])]
    of_trials = [one for one in numbers if OF_TRIALS in one[1]]
    return [one for one in numbers if one not in of_trials], understood + of_trials


def problems_of(prometheus, numbers, understood):
    problems = []
    for where, expression in numbers:
        try:
            if not prometheus.has_numbers(expression):
                problems.append(f"{where}: no number in {expression}")
        except ValueError as error:
            problems.append(f"{where}: {error} in {expression}")
    for where, expression in understood:
        try:
            prometheus.range(expression, span=STEP_SECONDS)
        except ValueError as error:
            problems.append(f"{where}: {error} in {expression}")
    return problems


def problems_of_names(prometheus, expressions):
    problems = []
    existing = set(prometheus.get("label/__name__/values"))
    named = {name for _, expression in expressions for name in re.findall(r"\bnmn_\w+", expression)}
    for name in sorted(name for name in named - existing if not name.startswith(OF_TRIALS)):
        problems.append(f"there is no metric {name}")
    sizes = {}
    for series in prometheus.get("series", **{"match[]": '{__name__=~"nmn_.+"}', "start": time.time() - SPAN_SECONDS}):
        unknown = set(series) - LABELS
        if unknown:
            problems.append(f"{series['__name__']} has labels out of the list: {', '.join(sorted(unknown))}")
        process = (series["__name__"], series.get("instance"))
        sizes[process] = sizes.get(process, 0) + 1
    for (name, instance), count in sizes.items():
        if count > MOST_SERIES:
            problems.append(f"{name} has {count} series at {instance}, more than {MOST_SERIES}: is a label unbounded?")
    return problems, len({name for name, _ in sizes})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="of a Prometheus that scrapes a learner and its actors")
    parser.add_argument("--wait", type=float, default=0, help="seconds until everything must have data")
    parser.add_argument("--dashboards", default=DASHBOARDS, help="folder of other dashboards than the committed ones")
    arguments = parser.parse_args()

    prometheus = Prometheus(arguments.url)
    numbers, understood = wanted(arguments.dashboards)
    deadline = time.monotonic() + arguments.wait
    while True:
        problems = problems_of(prometheus, numbers, understood)
        names, metrics = problems_of_names(prometheus, numbers + understood)
        problems += names
        if not problems or time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    for problem in problems:
        print(problem, file=sys.stderr)
    rules = sum(where.startswith("rule ") for where, _ in understood)
    print(f"expressions: {len(numbers)} that must give numbers, alert rules: {rules}, nmn_ metrics seen: {metrics}, problems: {len(problems)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
