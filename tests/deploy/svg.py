"""Draws panels of a dashboard as Grafana would lay them out, as SVG: lines, figures, gauges, bars and tables.

Series are (name, [(unix seconds, value)], style) with a style "", "limit" (dashed) or "main" (thick); no value is NaN.
"""

import html
import math
import time

COLOURS = ["#2b7a3f", "#c98a00", "#1f66c1", "#c4412f", "#7a4bb5", "#0f8b8d", "#b0487f", "#6b6b28", "#4a5a6a", "#99622e"]
NAMED = {"green": "#2b8a3e", "yellow": "#d9a400", "red": "#c92a2a", "blue": "#1f66c1"}
COLUMN, ROW, GAP = 50, 30, 8  # of Grafana's grid, pixels
TITLE = 24
LINE = 14  # of a legend
MOST_LEGENDS = 8


def format_value(value, unit):
    if value is None or math.isnan(value):
        return "no data"
    if unit == "percentunit":
        return f"{100 * value:.3g} %" if abs(value) < 1 else f"{100 * value:.0f} %"
    if unit == "dtdurations":
        whole = int(value)
        return f"{whole}s" if whole < 60 else f"{whole // 60}m {whole % 60:02d}s" if whole < 3600 else f"{whole // 3600}h {whole // 60 % 60:02d}m"
    if unit == "bytes":
        for prefix in ("B", "KiB", "MiB", "GiB"):
            if abs(value) < 1024 or prefix == "GiB":
                return f"{value:.3g} {prefix}" if abs(value) < 1000 else f"{value:.0f} {prefix}"
            value /= 1024
    if unit == "s" and 0 < abs(value) < 1:
        return f"{1000 * value:.3g} ms"
    suffix = " s" if unit == "s" else ""
    if unit == "short" and abs(value) >= 1000:
        return f"{value / 1e6:.3g} M" if abs(value) >= 1e6 else f"{value / 1e3:.3g} k"
    return (f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}") + suffix


def words(value, defaults):
    """The figure, or the word that the panel maps it to."""
    for mapping in defaults.get("mappings", []):
        low, high = mapping["options"]["from"], mapping["options"]["to"]
        if mapping["type"] == "range" and low <= value <= high:
            return mapping["options"]["result"]["text"]
    return format_value(value, defaults["unit"])


def colour_of(value, defaults):
    colour = NAMED["blue"]
    for step in defaults.get("thresholds", {"steps": []})["steps"]:
        if step["value"] is None or value >= step["value"]:
            colour = NAMED[step["color"]]
    return colour


def label(x, y, content, size=11, anchor="start", weight="normal", fill="#333"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{fill}">'
            f"{html.escape(content)}</text>")


def rectangle(x, y, width, height, fill, extra=""):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{fill}" {extra}/>'


def fitted(content, width, size=11, letter=0.55):
    """letter: width of one over its height, 0.6 if bold."""
    most = int(width / (letter * size))
    return content if len(content) <= most else content[:max(most - 1, 1)] + "…"


def nice_ticks(low, high, unit, count=4):
    if unit == "bytes":
        prefix = 1024.0 ** max(0, math.floor(math.log(max(high, 1), 1024)))
        return [tick * prefix for tick in nice_ticks(low / prefix, high / prefix, "none", count)]
    raw = (high - low) / count
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    first = math.ceil(low / step)
    return [step * (first + i) for i in range(int((high - first * step) / step + 1e-9) + 1)]


class Axis:
    """Maps values to pixels, linear or logarithmic."""

    def __init__(self, values, defaults, top, bottom):
        self.log = defaults["custom"]["scaleDistribution"]["type"] == "log"
        if self.log:
            values = [value for value in values if value > 0]
        low, high = min(values, default=0.1 if self.log else 0), max(values, default=1)
        low, high = min(low, defaults.get("min", low)), max(high, defaults.get("max", high))
        if self.log:
            low, high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            self.low, self.high = low, max(high, low + 1)
            factors = (1, 2, 5) if self.high - self.low <= 2 else (1,)
            self.ticks = [factor * 10.0 ** power for power in range(self.low, self.high + 1) for factor in factors]
            self.ticks = [tick for tick in self.ticks if tick <= 10.0 ** self.high][::max(1, (self.high - self.low) // 5)]
        else:
            if high - low < 1e-9 * max(1, abs(high)):
                low, high = low - (0 if "min" in defaults else 0.5), high + 0.5
            self.low, self.high = low, high + 0.05 * (high - low) * ("max" not in defaults)
            self.ticks = nice_ticks(self.low, self.high, defaults["unit"])
        self.top, self.bottom = top, bottom

    def pixel(self, value):
        if self.log:
            value = math.log10(value) if value > 0 else self.low
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - min(max(share, 0), 1) * (self.bottom - self.top)


def stack(series):
    """Each series on top of those before it."""
    height, stacked = {}, []
    for name, points, style in series:
        for at, value in points:
            height[at] = height.get(at, 0) + (0 if math.isnan(value) else value)
        stacked.append((name, [(at, height[at]) for at, _ in points], style))
    return stacked


def draw_lines(panel, series, x, y, width, height, span):
    defaults = panel["fieldConfig"]["defaults"]
    unit, stacked = defaults["unit"], defaults["custom"]["stacking"]["mode"] == "normal"
    drawn = stack(series) if stacked else series
    columns = 2 if len(series) > 3 and width > 300 else 1
    shown = series[:MOST_LEGENDS]
    legend = LINE * math.ceil(len(shown) / columns)
    left, right, top, bottom = x + 58, x + width - 12, y + 6, y + height - legend - 24
    axis = Axis([value for _, points, _ in drawn for _, value in points if not math.isnan(value)], defaults, top, bottom)
    out = []
    if defaults["custom"]["thresholdsStyle"]["mode"] == "area":
        steps = defaults["thresholds"]["steps"]
        for step, after in zip(steps, [*steps[1:], None]):
            low = bottom if step["value"] is None else axis.pixel(step["value"])
            high = top if after is None else axis.pixel(after["value"])
            out.append(rectangle(left, high, right - left, low - high, NAMED[step["color"]], 'opacity="0.12"'))
    for tick in axis.ticks:
        at = axis.pixel(tick)
        out.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        out.append(label(left - 4, at + 4, format_value(tick, unit), 10, "end", fill="#666"))
    for share in (0, 0.5, 1):
        clock = time.strftime("%H:%M:%S", time.gmtime(span[0] + share * (span[1] - span[0])))
        out.append(label(left + share * (right - left), bottom + 13, clock, 10, ("start", "middle", "end")[int(2 * share)], fill="#666"))
    for index, (_, points, style) in reversed(list(enumerate(drawn))):
        colour = COLOURS[index % len(COLOURS)] if style != "limit" else "#d9480f"
        pieces, begun = [], False
        for at, value in points:
            if math.isnan(value):
                begun = False
                continue
            pieces.append(f'{"L" if begun else "M"}{left + (at - span[0]) / (span[1] - span[0]) * (right - left):.1f} {axis.pixel(value):.1f}')
            begun = True
        if not pieces:
            continue
        if stacked:
            first, last = pieces[0][1:].split(" ")[0], pieces[-1][1:].split(" ")[0]
            out.append(f'<path d="{"".join(pieces)}L{last} {bottom}L{first} {bottom}Z" fill="{colour}"/>')
        dash = ' stroke-dasharray="7 5"' if style == "limit" else ""
        thick = 2.5 if style == "main" else 1.5
        out.append(f'<path d="{"".join(pieces)}" fill="none" stroke="{colour}" stroke-width="{thick}"{dash}/>')
    for index, (name, points, style) in enumerate(shown):
        at_x = x + 10 + (index % columns) * (width - 20) / columns
        at_y = bottom + 30 + LINE * (index // columns)
        colour = COLOURS[index % len(COLOURS)] if style != "limit" else "#d9480f"
        last = next((value for _, value in reversed(points) if not math.isnan(value)), math.nan)
        rest = f" (and {len(series) - len(shown)} more)" if index + 1 == len(shown) < len(series) else ""
        out.append(rectangle(at_x, at_y - 7, 12, 4, colour))
        out.append(label(at_x + 17, at_y, fitted(f"{name}  {format_value(last, unit)}{rest}", (width - 20) / columns - 20)))
    return out


def last_values(series):
    return [(name, next((value for _, value in reversed(points) if not math.isnan(value)), math.nan)) for name, points, _ in series]


def draw_number(panel, series, x, y, width, height, _):
    defaults = panel["fieldConfig"]["defaults"]
    value = (last_values(series) or [("", math.nan)])[0][1]
    colour, middle = colour_of(value, defaults), x + width / 2
    if panel["type"] == "stat":
        content = words(value, defaults)
        size = min(24, (width - 24) / (0.7 * len(content)))
        return [rectangle(x + 6, y, width - 12, height - 6, colour, 'rx="3"'),
                label(middle, y + height / 2 + 6, content, round(size), "middle", "bold", "#fff")]
    share = min(max((value - defaults["min"]) / (defaults["max"] - defaults["min"]), 0), 1) if not math.isnan(value) else 0
    radius, base = min(width / 2 - 16, height - 30), y + height - 20
    angle = math.pi * (1 - share)
    end = f"{middle + radius * math.cos(angle):.1f} {base - radius * math.sin(angle):.1f}"
    start = f"M{middle - radius:.1f} {base:.1f}A{radius:.1f} {radius:.1f} 0 0 1 "
    return [f'<path d="{start}{middle + radius:.1f} {base:.1f}" fill="none" stroke="#e3e3e3" stroke-width="14"/>',
            f'<path d="{start}{end}" fill="none" stroke="{colour}" stroke-width="14"/>',
            label(middle, base + 4, words(value, defaults), 20, "middle", "bold", colour)]


def draw_bars(panel, series, x, y, width, height, _):
    defaults = panel["fieldConfig"]["defaults"]
    values = last_values(series)
    known = [value for _, value in values if not math.isnan(value)]
    low, high = min([0, *known]), max([0, *known]) if defaults["unit"] != "percentunit" else max([1, *known])
    step = min((height - 10) / max(len(values), 1), 40)
    out = []
    for index, (name, value) in enumerate(values):
        top = y + 4 + index * step
        share = (value - low) / (high - low or 1) if not math.isnan(value) else 0
        colour = colour_of(value, defaults) if "thresholds" == defaults["color"]["mode"] else COLOURS[index % len(COLOURS)]
        out += [label(x + 10, top + step / 2 + 4, fitted(name, width * 0.3)), rectangle(x + width * 0.34, top + 2, width * 0.48, step - 6, "#eee"),
                rectangle(x + width * 0.34, top + 2, width * 0.48 * share, step - 6, colour),
                label(x + width - 10, top + step / 2 + 4, format_value(value, defaults["unit"]), 12, "end", "bold")]
    return out


def draw_table(rows, units, x, y, width):
    """rows: lists of cells, the first the header; a number is shown in its column's unit."""
    out = []
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            content = cell if isinstance(cell, str) else format_value(cell, units.get(rows[0][column], "short"))
            at = x + 10 + column * (width - 20) / len(row)
            out.append(label(at, y + 14 + 20 * index, fitted(content, (width - 20) / len(row) - 4), 11, weight="bold" if index == 0 else "normal"))
        out.append(f'<line x1="{x + 8}" x2="{x + width - 8}" y1="{y + 19 + 20 * index:.0f}" y2="{y + 19 + 20 * index:.0f}" stroke="#e5e5e5"/>')
    return out
