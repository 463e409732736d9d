#!/usr/bin/env python3
"""Checks the committed dashboards without Prometheus or Grafana: they are what deploy/grafana/generate.py writes, and a person can read
them: each panel says what it shows, in which unit, and each link leads to a section of the runbook."""

import filecmp
import json
import os
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
GRAFANA = os.path.join(ROOT, "deploy", "grafana")
DASHBOARDS = os.path.join(GRAFANA, "dashboards")
SOURCE = "nmn-prometheus"

COLUMN, LETTER = 50, 7.2  # pixels of a grid column on a page 1200 wide, and of a letter of a title


def problems_of(name, dashboard, runbook):
    problems = []
    places = set()
    for panel in dashboard["panels"]:
        where = f"{name}, panel '{panel.get('title')}'"
        box = panel["gridPos"]
        cells = {(x, y) for x in range(box["x"], box["x"] + box["w"]) for y in range(box["y"], box["y"] + box["h"])}
        if cells & places or box["x"] + box["w"] > 24:
            problems.append(f"{where} lies on another or beside the page")
        places |= cells
        if "targets" not in panel:
            continue
        if len(panel["title"]) * LETTER > box["w"] * COLUMN - COLUMN / 2:
            problems.append(f"{where}: a title of {len(panel['title'])} letters is cut off")
        if panel["type"] != "table" and "unit" not in panel["fieldConfig"]["defaults"]:
            problems.append(f"{where} has no unit")
        if not panel["description"]:
            problems.append(f"{where} has no description")
        for target in panel["targets"]:
            if target["datasource"]["uid"] != SOURCE:
                problems.append(f"{where} asks another data source")
            variables = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            known = {variable["name"] for variable in dashboard["templating"]["list"]}
            if not variables <= known:
                problems.append(f"{where} uses unknown variables: {variables - known}")
        for link in panel.get("links", []):
            alert, number = link["title"].removeprefix("Runbook: "), int(link["url"].partition("viewPanel=")[2])
            if not any(section["id"] == number and section["title"] == alert for section in runbook["panels"]):
                problems.append(f"{where} links to no section of the runbook: {link}")
    return problems


def main():
    problems = []
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([sys.executable, "-B", os.path.join(GRAFANA, "generate.py"), fresh], check=True)
        names = sorted(set(os.listdir(fresh)) | set(os.listdir(DASHBOARDS)))
        _, differing, missing = filecmp.cmpfiles(fresh, DASHBOARDS, names, shallow=False)
        problems += [f"deploy/grafana/dashboards/{name} is not what generate.py writes" for name in differing + missing]

    dashboards = {}
    for name in names:
        with open(os.path.join(DASHBOARDS, name), encoding="utf-8") as file:
            dashboards[name] = json.load(file)
    if len({dashboard["uid"] for dashboard in dashboards.values()}) != len(dashboards):
        problems.append("two dashboards have the same uid")
    for name, dashboard in dashboards.items():
        problems += problems_of(name, dashboard, dashboards["runbook.json"])

    with open(os.path.join(GRAFANA, "provisioning", "datasources", "prometheus.yaml"), encoding="utf-8") as file:
        provisioned = [source["uid"] for source in yaml.safe_load(file)["datasources"]]
    if provisioned != [SOURCE]:
        problems.append(f"deploy/grafana/provisioning has the data sources {provisioned}, the dashboards ask {SOURCE}")

    for problem in problems:
        print(problem, file=sys.stderr)
    panels = sum("targets" in panel for dashboard in dashboards.values() for panel in dashboard["panels"])
    print(f"dashboards: {len(dashboards)}, panels with queries: {panels}, problems: {len(problems)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
