"""Puts panels into a dashboard: places, numbers, links to the runbook."""

from panels import DATASOURCE, RUNBOOK_UID

WIDTH = 24  # Grafana's columns


def link(title, url):
    return {"title": title, "url": url, "type": "link", "icon": "external link", "tooltip": "", "tags": [], "asDropdown": False,
            "includeVars": False, "keepTime": True, "targetBlank": False}


def runbook_url(alerts, name):
    return f"/d/{RUNBOOK_UID}?viewPanel={alerts.index(name) + 1}"


def place(rows):
    """rows: (title or None, height, panels); the panels of a row share its width by their weights, 1 where they have none. Gives panels
    with id and gridPos."""
    placed, top = [], 0
    for title, height, panels in rows:
        if title:
            placed.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                           "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
            top += 1
        weights = [one.pop("weight", 1) for one in panels]
        for index, one in enumerate(panels):
            left, right = (WIDTH * sum(weights[:end]) // sum(weights) for end in (index, index + 1))
            placed.append({**one, "gridPos": {"x": left, "y": top, "w": right - left, "h": height}})
        top += height
    for index, one in enumerate(placed):
        one["id"] = index + 1
    return placed


def dashboard(uid, title, description, rows, alerts, variables=(), span="now-1h"):
    """alerts: names in the order of docs/runbook.md."""
    panels = place(rows)
    for one in panels:
        names = one.pop("runbook", ())
        if names:
            one["links"] = [link(f"Runbook: {name}", runbook_url(alerts, name)) for name in names]
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["nmn"],
        "schemaVersion": 39,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": span, "to": "now"},
        "timezone": "browser",
        "links": [{**link("nmn dashboards", ""), "type": "dashboards", "tags": ["nmn"], "icon": "dashboard", "asDropdown": False}],
        "templating": {"list": list(variables)},
        "annotations": {"list": [{
            "name": "Alerts", "datasource": DATASOURCE, "enable": True, "iconColor": "red",
            "target": {"refId": "Anno", "expr": 'ALERTS{alertstate="firing"}', "interval": "10s"},
            "titleFormat": "{{alertname}}", "textFormat": "{{instance}}",
        }]},
        "panels": panels,
    }
