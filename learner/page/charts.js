"use strict";

// Line charts as plain SVG. What comes from outside goes in as text nodes and attributes of numbers, never as markup.
// A line is told from the next by its dashes and its marks, not by its colour alone.

const kSvg = "http://www.w3.org/2000/svg";

// Of the lines of a chart, in their order.
const kLooks = [0, 1, 2, 4, 5];

const one = (id) => document.getElementById(id);
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// `values` of `keys`, at the places of `x`; null where there is none.
function along(x, keys, values) {
  const at = new Map(keys.map((key, i) => [key, values[i]]));
  return x.map((place) => at.get(place) ?? null);
}

function svgNode(name, attributes = {}, text = null) {
  const node = document.createElementNS(kSvg, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  return node;
}

function htmlNode(name, className = "", text = null) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  return node;
}

// A number for people; `<data value>` beside it has all digits.
function short(value) {
  if (value === null || value === undefined) return "\u2013";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(2);
  return new Intl.NumberFormat("en", {maximumSignificantDigits: size >= 1e4 ? Math.ceil(Math.log10(size)) : 4}).format(value);
}

// Words of others: marks that turn the direction of writing would show a name as another one.
function plain(text) {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

function numberNode(value) {
  const node = htmlNode("data", "", short(value));
  node.value = value === null || value === undefined ? "" : String(value);
  return node;
}

// Round numbers, at most about `count`, that cover low..high.
function ticksOf(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; ++i) ticks.push(i * step);
  return ticks;
}

function rangeOf(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}

// The mark of a line at a point: circle, triangle, square, none.
function markNode(look, x, y) {
  const points = {1: [[0, -4.5], [4.5, 3.5], [-4.5, 3.5]], 2: [[-3.5, -3.5], [3.5, -3.5], [3.5, 3.5], [-3.5, 3.5]]}[look];
  const attributes = {class: `mark look-${look}`};
  if (!points) return svgNode("circle", {...attributes, cx: x, cy: y, r: 3.5});
  return svgNode("polygon", {...attributes, points: points.map(([dx, dy]) => `${x + dx},${y + dy}`).join(" ")});
}

// At most `most` numbers of 0..count-1, evenly, the first and the last among them.
function thinned(count, most) {
  if (count <= most) return [...Array(count).keys()];
  return [...Array(most).keys()].map((i) => Math.round(i * (count - 1) / (most - 1)));
}

// What the axes of a picture go around, in its pixels.
const boxOf = (width, height) => ({left: 56, right: width - 12, top: 8, bottom: height - 34});

// first..last from the left of the box to its right; a single place in its middle.
function acrossBox(box, first, last, pad = 0) {
  return (x) => box.left + pad + (last > first ? (x - first) / (last - first) : 0.5) * (box.right - box.left - 2 * pad);
}

// Whole numbers of first..last that a picture of that width has room to name.
const wholeTicks = (first, last, width) => last > first ? ticksOf(first, last, width / 90).filter((tick) => Number.isInteger(tick)) : [first];

// The texts below the box: [place, text] of the ticks, and what they are of.
function appendXAxis(root, box, toX, ticks, name) {
  for (const [place, text] of ticks) {
    // At the edge a text in the middle of its tick would be cut.
    const end = toX(place) > box.right - 14;
    const x = end ? Math.min(toX(place) + 10, box.right + 11) : toX(place);
    root.append(svgNode("text", {x, y: box.bottom + 15, "text-anchor": end ? "end" : "middle"}, text));
  }
  root.append(svgNode("text", {x: (box.left + box.right) / 2, y: box.bottom + 30, "text-anchor": "middle"}, name));
}

// Of `count` places, the one that a pointer is nearest to. toX(i) is from the left of `frame`.
function nearest(event, frame, count, toX) {
  const x = event.clientX - frame.getBoundingClientRect().left;
  let best = 0;
  for (let i = 1; i < count; ++i) {
    if (Math.abs(toX(i) - x) < Math.abs(toX(best) - x)) best = i;
  }
  return best;
}

// How far a key goes, in steps; undefined for other keys.
const stepsOfKey = (key) => ({ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -1e9, End: 1e9}[key]);

// Lets pointer and keys on `frame` move a bar: {to(i), by(steps)}. placeOf(event) is the i of a pointer, or null.
function moveBar(frame, bar, placeOf) {
  for (const kind of ["pointerdown", "pointermove"]) {
    frame.addEventListener(kind, (event) => {
      const place = event.buttons & 1 ? placeOf(event) : null;
      if (place !== null) bar.to(place);
    });
  }
  frame.addEventListener("keydown", (event) => {
    const by = stepsOfKey(event.key);
    if (!by) return;
    event.preventDefault();
    bar.by(by);
  });
}

// A figure with its legend, a line of text that reads values under the pointer or by arrow keys, and its numbers as a
// table. The legend has the last values. With a `bar`, as of moveBar, legend and line have the values at the bar (setAt),
// which pointer and keys move. draw() takes
//   title, xName     words
//   x                numbers, or words: then they stand at equal distances
//   lines            [{name, look 0..5 (3 is that of levels), y: [number or null for each x], marks: whether each point has one,
//                    low, high: like y, the edges of a band around it}]
//   levels           [{name, value}]: horizontal lines
//   holds            numbers that the y axis has room for besides
//   range            [low, high] of the y axis: what is beyond is cut off; null: what is drawn and held
class Chart {
  constructor(parent, height, bar = null) {
    this.height = height;
    this.bar = bar;
    this.spec = null;
    this.at = null;  // what is read out
    this.figure = htmlNode("figure");
    this.legend = htmlNode("ul", "legend");
    this.frame = htmlNode("div");
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "group");
    this.readout = htmlNode("p", "readout");
    this.readout.setAttribute("aria-live", "polite");
    this.table = htmlNode("table");
    const details = htmlNode("details");
    const scroller = htmlNode("div");
    scroller.append(this.table);
    details.append(htmlNode("summary", "", "Numbers"), scroller);
    this.figure.append(this.legend, this.frame, this.readout, details);
    parent.append(this.figure);
    if (bar) {
      moveBar(this.frame, bar, (event) => this.placeOf(event));
    } else {
      this.frame.addEventListener("pointermove", (event) => this.pointAt(event));
      this.frame.addEventListener("keydown", (event) => this.step(event));
    }
    new ResizeObserver(() => this.render()).observe(this.figure);
  }

  draw(spec) {
    this.spec = {levels: [], holds: [], range: null, ...spec};
    if (this.at !== null && this.at >= spec.x.length) this.at = null;
    this.render();
    this.fillLegend();
    this.fillTable();
  }

  render() {
    const spec = this.spec;
    const width = this.figure.clientWidth;
    if (!spec || width === 0) return;
    const words = typeof spec.x[0] === "string";
    const places = words ? spec.x.map((_, i) => i) : spec.x;
    const box = boxOf(width, this.height);
    const [low, high] = spec.range ?? rangeOf([...spec.lines.flatMap((line) => [...line.y, ...(line.low ?? []), ...(line.high ?? [])]), ...spec.levels.map((level) => level.value), ...spec.holds]);
    const first = places.length ? places[0] : 0, last = places.length ? places[places.length - 1] : 1;
    this.toX = acrossBox(box, first, last, words ? 14 : 0);
    const toY = (y) => box.bottom - (y - low) / (high - low) * (box.bottom - box.top);

    const root = svgNode("svg", {class: "chart", role: "img", viewBox: `0 0 ${width} ${this.height}`, height: this.height});
    root.append(svgNode("title", {}, spec.title), svgNode("desc", {}, this.description()));
    for (const tick of ticksOf(low, high, this.height / 40)) {
      const y = toY(tick);
      root.append(svgNode("line", {class: "grid", x1: box.left, x2: box.right, y1: y, y2: y}));
      root.append(svgNode("text", {x: box.left - 6, y: y + 4, "text-anchor": "end"}, short(tick)));
    }
    const ticks = words ? places.map((place) => [place, spec.x[place]]) : places.length ? wholeTicks(first, last, width).map((tick) => [tick, short(tick)]) : [];
    appendXAxis(root, box, this.toX, ticks, spec.xName);
    const plot = spec.range ? this.cutTo(box) : svgNode("g");
    root.append(plot);
    for (const level of spec.levels) {
      plot.append(svgNode("line", {class: "line look-3", x1: box.left, x2: box.right, y1: toY(level.value), y2: toY(level.value)}));
    }
    for (const line of spec.lines.filter((line) => line.low)) {
      const edge = (values) => values.map((y, i) => y === null ? null : `${this.toX(places[i]).toFixed(1)} ${toY(y).toFixed(1)}`).filter((point) => point !== null);
      const around = [...edge(line.high), ...edge(line.low).reverse()];
      plot.append(svgNode("path", {class: `band look-${line.look}`, d: around.length ? `M${around.join("L")}Z` : "M0 0"}));
    }
    for (const line of spec.lines) {
      let path = "", pen = "M";
      const there = [];
      line.y.forEach((y, i) => {
        if (y === null) {
          pen = line.bridge ? pen : "M";
          return;
        }
        const point = [this.toX(places[i]), toY(y)];
        path += `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
        pen = "L";
        there.push(point);
      });
      plot.append(svgNode("path", {class: `line look-${line.look}`, d: path || "M0 0"}));
      if (line.marks || there.length === 1) plot.append(...there.map(([x, y]) => markNode(line.look, x, y)));
    }
    this.cursor = svgNode("line", {class: "cursor", y1: box.top, y2: box.bottom, visibility: "hidden"});
    root.append(this.cursor);
    this.frame.setAttribute("aria-label", `${spec.title}. Arrow keys ${this.bar ? "move the bar" : "read its values"}.`);
    this.frame.replaceChildren(root);
    this.read();
  }

  // A part of the picture, in its coordinates, that shows nothing beyond the box.
  cutTo({left, right, top, bottom}) {
    const place = {x: left, y: top, width: right - left, height: bottom - top};
    return svgNode("svg", {...place, viewBox: Object.values(place).join(" "), overflow: "hidden"});
  }

  description() {
    const spec = this.spec;
    const sentences = spec.lines.map((line) => {
      const there = line.y.filter((y) => y !== null);
      return there.length ? `${line.name}: ${short(there[0])} at first, ${short(there[there.length - 1])} at last.` : `${line.name}: no value.`;
    });
    return [...sentences, ...spec.levels.map((level) => `${level.name}: ${short(level.value)}.`)].join(" ");
  }

  fillLegend() {
    const entry = (name, look, marks, value) => {
      const item = htmlNode("li");
      const sample = svgNode("svg", {viewBox: "0 0 30 12", "aria-hidden": "true"});
      sample.append(svgNode("path", {class: `line look-${look}`, d: "M0 6L30 6"}));
      if (marks) sample.append(markNode(look, 15, 6));
      item.append(sample, `${name}: `, numberNode(value));
      return item;
    };
    const valueOf = (line) => (this.bar ? line.y[this.at ?? 0] : line.y.findLast((y) => y !== null)) ?? null;
    this.legend.replaceChildren(...this.spec.lines.map((line) => entry(line.name, line.look, line.marks, valueOf(line))),
                                ...this.spec.levels.map((level) => entry(level.name, 3, false, level.value)));
  }

  fillTable() {
    const spec = this.spec;
    const head = htmlNode("tr");
    const columns = spec.lines.flatMap((line) => [{name: line.name, values: line.y}, ...(line.low ?
        [{name: `${line.name}, low`, values: line.low}, {name: `${line.name}, high`, values: line.high}] : [])]);
    for (const name of [spec.xName, ...columns.map((column) => column.name)]) {
      const cell = htmlNode("th", "number", name);
      cell.scope = "col";
      head.append(cell);
    }
    const thead = htmlNode("thead"), tbody = htmlNode("tbody");
    thead.append(head);
    for (const i of thinned(spec.x.length, 25)) {
      const row = htmlNode("tr");
      const x = htmlNode("th", "number", String(spec.x[i]));
      x.scope = "row";
      row.append(x);
      for (const column of columns) {
        const cell = htmlNode("td", "number");
        cell.append(numberNode(column.values[i]));
        row.append(cell);
      }
      tbody.append(row);
    }
    this.table.replaceChildren(htmlNode("caption", "unseen", spec.title), thead, tbody);
  }

  read() {
    const spec = this.spec;
    if (this.at === null) {
      this.readout.textContent = "";
      return;
    }
    const place = typeof spec.x[0] === "string" ? this.at : spec.x[this.at];
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.toX(place));
    this.cursor.setAttribute("visibility", "visible");
    const values = spec.lines.filter((line) => line.y[this.at] !== null).map((line) => `${line.name} ${short(line.y[this.at])}` +
        (line.low ? ` (${short(line.low[this.at])} to ${short(line.high[this.at])})` : ""));
    const text = `${spec.xName} ${spec.x[this.at]}: ${values.join(", ")}`;
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }

  setAt(i) {
    this.at = i;
    this.read();
    if (this.bar) this.fillLegend();
  }

  placeOf(event) {
    if (!this.spec || !this.spec.x.length) return null;
    return nearest(event, this.frame, this.spec.x.length, (i) => this.toX(typeof this.spec.x[i] === "string" ? i : this.spec.x[i]));
  }

  pointAt(event) {
    this.at = this.placeOf(event) ?? this.at;
    this.read();
  }

  step(event) {
    const by = stepsOfKey(event.key);
    if (!by || !this.spec || !this.spec.x.length) return;
    event.preventDefault();
    const last = this.spec.x.length - 1;
    this.at = Math.min(Math.max((this.at ?? last + 1) + by, 0), last);
    this.read();
  }
}
