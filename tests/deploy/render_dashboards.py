#!/usr/bin/env python3
"""Draws what each dashboard shows for a live Prometheus: one SVG a dashboard, every panel's queries run over the last minutes.

  render_dashboards.py http://127.0.0.1:9090 FOLDER [--span=SECONDS] [--instance=HOST:PORT]

No Grafana is involved: layout, titles, units, thresholds and queries are those of deploy/grafana/dashboards, the drawing is our own.
"""

import argparse
import math
import os
import re
import time

import svg
from expressions import Prometheus, dashboard_files, substituted, variable_query

POINTS = 120  # of a line
DRAW = {"timeseries": svg.draw_lines, "stat": svg.draw_number, "gauge": svg.draw_number, "bargauge": svg.draw_bars}


def legend(pattern, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), pattern)


def style_of(panel, reference):
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"] == {"id": "byFrameRefID", "options": reference}:
            properties = {one["id"] for one in override["properties"]}
            return "limit" if "custom.lineStyle" in properties else "main" if "custom.lineWidth" in properties else ""
    return ""


def choices_of(prometheus, dashboard, instance):
    """All of a variable with several choices; the instance, or the first value, of one with a single choice."""
    choices = {}
    for variable in dashboard["templating"]["list"]:
        metric, label = variable_query(variable)
        if not variable["multi"]:
            values = [one["metric"][label] for one in prometheus.get("query", query=metric)["result"]]
            choices[variable["name"]] = instance if instance in values else min(values)
    return choices


def series_of(prometheus, panel, choices, span):
    step = (span[1] - span[0]) / POINTS
    times = [span[0] + i * step for i in range(POINTS + 1)]
    found = []
    for target in panel["targets"]:
        data = prometheus.get("query_range", query=substituted(target["expr"], choices), start=span[0], end=span[1], step=step)
        for one in sorted(data["result"], key=lambda series: sorted(series["metric"].items())):
            values = {round((float(at) - span[0]) / step): float(value) for at, value in one["values"]}
            points = [(at, values.get(i, math.nan)) for i, at in enumerate(times)]
            found.append((legend(target["legendFormat"], one["metric"]), points, style_of(panel, target["refId"])))
    return found


def table_of(prometheus, panel, choices, span):
    """Rows as Grafana's transformations merge them: one for each set of labels."""
    organise = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    fields = sorted(organise["indexByName"], key=organise["indexByName"].get)
    labels = [field for field in fields if not field.startswith("Value #")]
    merged = {}
    for target in panel["targets"]:
        for one in prometheus.get("query", query=substituted(target["expr"], choices), time=span[1])["result"]:
            key = tuple(one["metric"].get(name, "") for name in labels)
            merged.setdefault(key, {})[f"Value #{target['refId']}"] = float(one["value"][1])
    rows = [[organise["renameByName"].get(field, field) for field in fields]]
    for key in sorted(merged):
        rows.append([*key, *(merged[key].get(field, math.nan) for field in fields[len(labels):])])
    units = {override["matcher"]["options"]: override["properties"][0]["value"] for override in panel["fieldConfig"]["overrides"]}
    return rows, units


def drawn(prometheus, dashboard, instance, span):
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]) * svg.ROW + 40
    choices = choices_of(prometheus, dashboard, instance)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="1208" height="{height}" viewBox="0 0 1208 {height}" '
           'font-family="DejaVu Sans, Arial, sans-serif">', svg.rectangle(0, 0, 1208, height, "#f0f1f3"),
           svg.label(10, 24, f"{dashboard['title']}: {dashboard['description']}", 16, weight="bold")]
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        x, y = place["x"] * svg.COLUMN + 4, place["y"] * svg.ROW + 36
        width, depth = place["w"] * svg.COLUMN - svg.GAP, place["h"] * svg.ROW - svg.GAP
        if panel["type"] == "row":
            out.append(svg.label(x + 4, y + 18, panel["title"], 14, weight="bold"))
            continue
        out += [svg.rectangle(x, y, width, depth, "#fff", 'stroke="#d5d8dc" rx="3"'),
                f"<g><title>{svg.html.escape(panel['title'])}</title>",
                svg.label(x + 8, y + 17, svg.fitted(panel["title"], width - 12, 12, 0.6), 12, weight="bold"), "</g>"]
        inner = (x, y + svg.TITLE, width, depth - svg.TITLE)
        if panel["type"] == "table":
            rows, units = table_of(prometheus, panel, choices, span)
            out += svg.draw_table(rows, units, *inner[:3])
        else:
            out += DRAW[panel["type"]](panel, series_of(prometheus, panel, choices, span), *inner, span)
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("folder")
    parser.add_argument("--span", type=float, default=300, help="seconds that the pictures show")
    parser.add_argument("--instance", help="of the learner whose run Training shows; the first one by default")
    arguments = parser.parse_args()

    prometheus = Prometheus(arguments.url)
    now = time.time()
    os.makedirs(arguments.folder, exist_ok=True)
    for name, dashboard in dashboard_files():
        if not any("targets" in panel for panel in dashboard["panels"]):
            continue  # the runbook is text
        path = os.path.join(arguments.folder, name.replace(".json", ".svg"))
        with open(path, "w", encoding="utf-8") as file:
            file.write(drawn(prometheus, dashboard, arguments.instance, (now - arguments.span, now)))
        print(path)


if __name__ == "__main__":
    main()
