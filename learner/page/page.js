"use strict";

// Asks the learner for its run again and again and shows the answer. Each answer is whole, so a learner that was
// restarted, or another one on the same port, is shown from its first answer on.

const kPollMilliseconds = 2000;
const kAnswerMilliseconds = 10000;

const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;

function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
}

function cell(row, kind, className, content) {
  const node = htmlNode(kind, className);
  node.append(content);
  if (kind === "th") node.scope = "row";
  row.append(node);
  return node;
}

const learning = new Chart(one("learning"), 320);
const adaptation = new Chart(one("adaptation"), 320);

// Small charts: fields of metrics.jsonl, drawn where an update has one of them.
const kHealth = [
  {title: "KL of an update, nats", lines: [["kl", "KL"]], target: true},
  {title: "Share of clipped ratios", lines: [["clip_fraction", "clipped"]]},
  {title: "Coefficient of the KL penalty", lines: [["beta", "beta"]], unless: "clip_fraction"},
  {title: "Variance that the critic explains", lines: [["explained_variance", "explained"]]},
  {title: "Entropy of the policy, nats", lines: [["entropy", "entropy"]]},
  {title: "Standard deviation of an action", lines: [["mean_deviation", "deviation"]]},
  {title: "Norms of the gradients", lines: [["policy_gradient_norm", "policy"], ["critic_gradient_norm", "critic"]]},
  {title: "Factor of the learning rates", lines: [["rate_multiplier", "factor"]]},
];
for (const tile of kHealth) {
  tile.box = htmlNode("section");
  tile.box.append(htmlNode("h3", "", tile.title));
  one("health-charts").append(tile.box);
  tile.chart = new Chart(tile.box, 170);
}

function showRun(run) {
  const {name, benchmark, arch, preset, seed, mode} = run.run;
  setText(one("name"), plain(name));
  setText(one("what"), `${benchmark}, ${arch.toUpperCase()}, preset ${preset || "none"}, seed ${seed}, mode ${mode.toUpperCase()}`);
  const share = run.budget_updates > 0 ? run.update / run.budget_updates : 0;
  one("progress").value = share;
  const left = run.seconds_left > 0 ? `, ${duration(run.seconds_left)} left` : "";
  setText(one("state"), `${run.state}: ${run.update} of ${count(run.budget_updates, "update")} (${percent(share)})${left}; ` +
      `${count(run.history.episodes.at(-1) ?? 0, "episode")}, ${count(run.history.environment_steps.at(-1) ?? 0, "step")}` + (run.health === "ok" ? "" : `. NOT WELL: ${run.health}`));
  setText(one("bottleneck"), run.bottleneck);
  setText(one("build"), `run ${run.run.run_id}, generation ${run.run.generation}, nmn ${run.run.version} (${run.run.commit})`);
  document.title = `${percent(share)} ${plain(name)}`;
}

function showLearning(run) {
  const history = run.history, evaluations = run.evaluations;
  const x = [...new Set([...history.update, ...evaluations.update])].sort((a, b) => a - b);
  const lines = [{name: "last 1000 episodes", look: 0, bridge: true, y: along(x, history.update, history.discounted_last_1000)},
                 {name: "each update", look: 2, bridge: true, y: along(x, history.update, history.discounted_mean)}];
  if (evaluations.update.length) {
    lines.push({name: "evaluations", look: 1, bridge: true, marks: true, y: along(x, evaluations.update, evaluations.discounted_mean)});
  }
  const levels = run.optimum ? [{name: "known optimum", value: run.optimum.discounted}] : [];
  learning.draw({title: "Learning curve", xName: "update", x, lines, levels});
}

// Returns by trial where the task has trials, else rewards by step.
function showAdaptation(run) {
  const moments = run.adaptation;
  const trials = moments.some((moment) => Object.keys(moment.trials).length > 0);
  const of = (moment) => trials ? moment.trials : moment.steps;
  const rank = (name) => ({last: 1e12, cut: 2e12})[name] ?? Number(name);
  const x = [...new Set(moments.flatMap((moment) => Object.keys(of(moment))))].sort((a, b) => rank(a) - rank(b));
  setText(one("adaptation-note"), trials ? "Mean return of the first, second, .. trial within an episode. Later ones that are better are adaptation."
                                         : "Mean reward at a step within an episode. Later ones that are better are adaptation.");
  const lines = moments.map((moment, i) => ({
    name: `update ${moment.update}`,
    look: moments.length - 1 - i,  // the newest is the solid one
    marks: true,
    y: x.map((name) => of(moment)[name] ?? null),
  }));
  adaptation.draw({title: "Adaptation", xName: trials ? "trial" : "step", x, lines});
}

function showHealth(run) {
  const history = run.history;
  const there = (field) => (history[field] ?? []).some((value) => value !== null);
  for (const tile of kHealth) {
    const lines = tile.lines.filter(([field]) => there(field));
    tile.box.hidden = lines.length === 0 || (tile.unless !== undefined && there(tile.unless));
    if (tile.box.hidden) continue;
    tile.chart.draw({
      title: tile.title,
      xName: "update",
      x: history.update,
      lines: lines.map(([field, name], look) => ({name, look, y: history[field]})),
      levels: tile.target && run.kl_target > 0 ? [{name: "target", value: run.kl_target}] : [],
    });
  }
}

function showFleet(fleet) {
  const rejected = Object.entries(fleet.rejected).map(([reason, number]) => `${number.toLocaleString("en")} ${reason}`);
  setText(one("fleet-note"), `${fleet.connected} connected of ${fleet.known} known` +
      (fleet.known > fleet.actors.length ? `; the first ${fleet.actors.length} are below` : "") +
      (rejected.length ? `. Messages not taken: ${rejected.join(", ")}` : ""));
  const rows = fleet.actors.flatMap((actor) => {
    const row = htmlNode("tr");
    cell(row, "th", "", plain(actor.actor_id));
    cell(row, "td", actor.connected ? "" : "no", actor.connected ? "yes" : "no");
    cell(row, "td", "number", numberNode(actor.steps_per_second));
    cell(row, "td", "number second", numberNode(actor.episodes_per_second || null));
    cell(row, "td", "number", numberNode(actor.policy_lag));
    cell(row, "td", "number second", numberNode(actor.policy_version));
    cell(row, "td", "number second", numberNode(actor.units_accepted));
    cell(row, "td", "number second", numberNode(actor.units_leased));
    cell(row, "td", "number second", `${actor.seconds_since_heard.toFixed(1)} s ago`);
    if (!actor.last_error) return [row];
    const error = htmlNode("tr");
    error.append(htmlNode("td", "error", `last error: ${plain(actor.last_error)}`));
    error.firstChild.colSpan = 9;
    return [row, error];
  });
  one("actors").tBodies[0].replaceChildren(...rows);
}

const kPhases = [
  ["collect", "wait for episodes"],
  ["update", "update"],
  ["advantages", "values and advantages", true],
  ["policy", "policy", true],
  ["critic", "critic", true],
  ["evaluate", "evaluations"],
  ["record", "rows and metrics"],
  ["checkpoint", "checkpoints"],
];

function showTime(time) {
  setText(one("time-note"), time.updates === 0 ? "No update has ended since this learner began."
      : `Now: the last ${count(time.updates, "update")}. In all: since this learner began. The parts of an update may run side by side.`);
  const now = Object.values(time.recent.loop).reduce((total, seconds) => total + seconds, 0);
  const of = (times, phase, part) => (part ? times.parts : times.loop)[phase] ?? 0;
  const rows = kPhases.filter(([phase, , part]) => of(time.process, phase, part) > 0).map(([phase, name, part]) => {
    const row = htmlNode("tr", part ? "part" : "");
    const share = now > 0 ? of(time.recent, phase, part) / now : 0;
    cell(row, "th", "", name);
    const bar = htmlNode("div", "bar");
    bar.style.width = `${100 * Math.min(share, 1)}%`;
    cell(row, "td", "", bar);
    cell(row, "td", "number", percent(share));
    cell(row, "td", "number", duration(of(time.process, phase, part)));
    return row;
  });
  one("phases").tBodies[0].replaceChildren(...rows);
}

let shown = null;  // the last answer

function show(run) {
  if (shown && (shown.run.version !== run.run.version || shown.run.commit !== run.run.commit)) {
    location.reload();  // another program answers, which has a page of its own
    return;
  }
  const again = shown && shown.run.run_id === run.run.run_id && shown.run.generation === run.run.generation;
  showRun(run);
  if (!again || shown.history.update.at(-1) !== run.history.update.at(-1)) {
    showLearning(run);
    showAdaptation(run);
    showHealth(run);
  }
  showFleet(run.fleet);
  showTime(run.time);
  shown = run;
  one("link").className = "";
  setText(one("link"), run.run.generation > 1 ? `Live. The learner of this run has been started ${run.run.generation} times.` : "Live.");
}

function showLost() {
  one("link").className = "lost";
  if (!shown) {
    setText(one("link"), "No learner answers. This page asks again every 2 seconds.");
  } else if (shown.state === "complete" || (shown.budget_updates > 0 && shown.update >= shown.budget_updates)) {
    setText(one("link"), "The run is complete and its learner has ended. What you see is its end.");
  } else if (!one("link").textContent.startsWith("The learner is lost")) {
    const when = new Date().toLocaleTimeString();
    setText(one("link"), `The learner is lost since ${when}. What you see is older; this page asks again every 2 seconds.`);
  }
}

let timer = null;  // of the next question; null while one is under way, and while nobody sees the page

// A failure of this script is none of the learner: it goes to the console, and the page asks on.
async function poll() {
  timer = null;
  let run = null;
  try {
    const answer = await fetch("api/run.json", {cache: "no-store", signal: AbortSignal.timeout(kAnswerMilliseconds)});
    if (answer.ok) run = await answer.json();
  } catch {
    run = null;
  }
  if (!document.hidden) timer = setTimeout(poll, kPollMilliseconds);
  if (run) {
    show(run);
  } else {
    showLost();
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timer === null) timer = setTimeout(poll, 0);
});
poll();
