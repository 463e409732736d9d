#!/usr/bin/env python3
"""Writes the dashboards as Grafana reads them: generate.py [FOLDER], default dashboards/ beside this file.

The JSON is committed; a test generates it again and compares. The dashboard Runbook is docs/runbook.md, one panel a section, so that
a panel's link can lead to the section it needs.
"""

import json
import os
import re
import sys

import compare
import fleet
import training
from dashboard import dashboard, runbook_url
from panels import RUNBOOK_UID, text

HERE = os.path.dirname(os.path.realpath(__file__))
RUNBOOK = os.path.join(HERE, "..", "..", "docs", "runbook.md")


def runbook_sections():
    """(alert, Markdown) for each section."""
    with open(RUNBOOK, encoding="utf-8") as file:
        parts = re.split(r"^## (.+)\n", file.read(), flags=re.MULTILINE)
    return list(zip(parts[1::2], (body.strip() for body in parts[2::2])))


def runbook_rows(sections, alerts):
    def linked(body):
        return re.sub(r"\[(\w+)\]\(#\w+\)", lambda match: f"[{match[1]}]({runbook_url(alerts, match[1])})", body)

    panels = [text(alert, linked(body)) for alert, body in sections]
    return [(None, 8, panels[i:i + 2]) for i in range(0, len(panels), 2)]


def dashboards():
    sections = runbook_sections()
    alerts = [alert for alert, _ in sections]
    return {
        "training": dashboard("nmn-training", "Training", "Does this run learn, and is the optimiser well?", training.ROWS, alerts,
                              training.VARIABLES),
        "fleet": dashboard("nmn-fleet", "Fleet", "Do learner and actors work, and which of them is the bottleneck?", fleet.ROWS, alerts,
                           fleet.VARIABLES),
        "compare": dashboard("nmn-compare", "Compare", "Which architecture is better, and how much do seeds differ?", compare.ROWS, alerts,
                             compare.VARIABLES, span="now-6h"),
        "runbook": dashboard(RUNBOOK_UID, "Runbook", "What each alert means and what to do.", runbook_rows(sections, alerts), alerts),
    }


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "dashboards")
    os.makedirs(folder, exist_ok=True)
    for name, content in dashboards().items():
        with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    main()
