"""Parts of a Grafana dashboard as plain dictionaries, with the choices that all of ours share.

A query is (expression, legend) or (expression, legend, style); styles are the keys of STYLES. Expressions use variables only as
=~"$name", so that 'All' and a single choice both work.
"""

DATASOURCE = {"type": "prometheus", "uid": "nmn-prometheus"}
RUNBOOK_UID = "nmn-runbook"

# Overrides of one line within a panel.
STYLES = {
    "limit": [
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "dark-orange"}},
    ],
    "main": [{"id": "custom.lineWidth", "value": 3}],
    "right": [{"id": "custom.axisPlacement", "value": "right"}],
}

GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"


def thresholds(*steps):
    """steps: (colour, from this value on); the first is the colour below all of them, its value None."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for colour, value in steps]}


def reference(index):
    return chr(ord("A") + index)


def targets(queries, instant):
    found = []
    for index, (expression, legend, *_) in enumerate(queries):
        found.append({
            "refId": reference(index),
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": expression,
            "legendFormat": legend,
            "instant": instant,
            "range": not instant,
        })
    return found


def panel(kind, title, description, queries, options, defaults, instant, runbook):
    overrides = [
        {"matcher": {"id": "byFrameRefID", "options": reference(index)}, "properties": STYLES[style]}
        for index, (_, _, *styles) in enumerate(queries) for style in styles
    ]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets(queries, instant),
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "runbook": runbook,  # alerts by name; `dashboard` makes links of them
    }


def number(title, description, expression, unit="short", steps=None, runbook=(), legend="", decimals=None, mappings=(),
           maximum=None):
    """One figure, coloured by its thresholds. With a maximum it is a gauge from 0 to there."""
    defaults = {
        "unit": unit,
        "color": {"mode": "thresholds"},
        "thresholds": steps or thresholds((BLUE, None)),
        "mappings": list(mappings),
        "noValue": "no data",
    }
    if decimals is not None:
        defaults["decimals"] = decimals
    reduce = {"calcs": ["lastNotNull"], "values": False, "fields": ""}
    if maximum is not None:
        defaults.update(min=0, max=maximum)
        options = {"orientation": "auto", "reduceOptions": reduce, "showThresholdLabels": False, "showThresholdMarkers": True,
                   "sizing": "auto", "minVizHeight": 75, "minVizWidth": 75}
        return panel("gauge", title, description, [(expression, legend)], options, defaults, True, runbook)
    options = {"orientation": "auto", "reduceOptions": reduce, "colorMode": "background", "graphMode": "none", "justifyMode": "auto",
               "textMode": "auto", "wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard"}
    return panel("stat", title, description, [(expression, legend)], options, defaults, True, runbook)


def lines(title, description, queries, unit="short", steps=None, runbook=(), log=False, stacked=False, minimum=None, maximum=None):
    """Lines over time. Thresholds are drawn as coloured areas."""
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 60 if stacked else 0,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
        "thresholdsStyle": {"mode": "area" if steps else "off"},
    }
    defaults = {"unit": unit, "custom": custom, "color": {"mode": "palette-classic"}, "mappings": [], "noValue": "no data"}
    if steps:
        defaults["thresholds"] = steps
    if minimum is not None:
        defaults["min"] = minimum
    if maximum is not None:
        defaults["max"] = maximum
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, queries, options, defaults, False, runbook)


def bars(title, description, queries, unit="short", steps=None, runbook=(), instant=True):
    """One bar for each series' last value, side by side."""
    options = {
        "displayMode": "basic", "orientation": "horizontal", "valueMode": "color", "namePlacement": "auto", "showUnfilled": True,
        "sizing": "auto", "minVizHeight": 16, "minVizWidth": 8, "maxVizHeight": 300,
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""},
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    }
    defaults = {"unit": unit, "color": {"mode": "thresholds" if steps else "palette-classic"},
                "thresholds": steps or thresholds((BLUE, None)), "mappings": [], "noValue": "no data"}
    return panel("bargauge", title, description, queries, options, defaults, instant, runbook)


def table(title, description, columns, labels, units):
    """One row a series. columns: (expression, name); labels: in this order before them; units: by name."""
    found = panel("table", title, description, columns, {"showHeader": True, "cellHeight": "sm"},
                  {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}, "mappings": [], "noValue": "no data"},
                  True, ())
    found["weight"] = 2
    names = {f"Value #{target['refId']}": name for target, (_, name) in zip(found["targets"], columns)}
    for target in found["targets"]:
        target["format"] = "table"
    shown = [*labels, *names]
    found["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "filterFieldsByName", "options": {"include": {"names": shown}}},
        {"id": "organize", "options": {"indexByName": {name: index for index, name in enumerate(shown)}, "renameByName": names,
                                       "excludeByName": {}}},
    ]
    found["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]} for name, unit in units.items()
    ]
    return found


def text(title, content):
    return {"type": "text", "title": title, "options": {"mode": "markdown", "content": content},
            "fieldConfig": {"defaults": {}, "overrides": []}, "runbook": ()}


def alerts_firing():
    return number("Alerts firing: 0", "Alerts of deploy/prometheus/rules.yaml that fire now, for the whole of Prometheus.",
                  'count(ALERTS{alertstate="firing"}) or vector(0)', steps=thresholds((GREEN, None), (RED, 1)))


def variable(name, label, metric, source, multiple=False):
    """Choices are the values of label `source` of `metric`."""
    query = f"label_values({metric}, {source})"
    return {
        "name": name, "label": label, "type": "query", "datasource": DATASOURCE, "query": {"query": query, "refId": name},
        "refresh": 2, "sort": 7, "multi": multiple, "includeAll": multiple,
        "current": {"text": "All", "value": "$__all"} if multiple else {"text": "", "value": ""},
        **({"allValue": ".+"} if multiple else {}),
    }
