"""Dashboard Compare: which architecture is better, and how much do seeds differ?"""

from panels import GREEN, RED, YELLOW, bars, lines, table, thresholds, variable

CHOSEN = 'nmn_run_info{benchmark=~"$benchmark", preset=~"$preset", arch=~"$arch"}'

VARIABLES = [
    variable("benchmark", "Benchmark", "nmn_run_info", "benchmark"),
    variable("preset", "Preset", "nmn_run_info", "preset", multiple=True),
    variable("arch", "Architecture", "nmn_run_info", "arch", multiple=True),
]


def named(expression, labels="arch, seed"):
    """The run's labels live on nmn_run_info alone, whose value is 1."""
    return f"{expression} * on (instance) group_left ({labels}) {CHOSEN}"


RETURN = named("nmn_discounted_return_recent_mean")
SHARE = named("(nmn_discounted_return_recent_mean / nmn_discounted_return_optimum)")

ROWS = [
    (None, 9, [
        table("Runs: one row each", "Sorted as they come; click a column to sort.",
              [(named("nmn_run_updates", "run, preset, arch, seed"), "updates"),
               (named("nmn_run_budget_updates", "run, preset, arch, seed"), "budget"),
               (named("nmn_discounted_return_recent_mean", "run, preset, arch, seed"), "discounted return"),
               (named("nmn_return_mean", "run, preset, arch, seed"), "raw return"),
               (named("nmn_run_seconds_left", "run, preset, arch, seed"), "time left")],
              ["run", "preset", "arch", "seed"], {"updates": "none", "budget": "none", "discounted return": "none", "raw return": "none", "time left": "dtdurations"}),
        bars("Share of the optimum: 95 % is solved", "Mean discounted return of the last 1000 episodes over that of a policy that knows the task.",
             [(SHARE, "{{arch}}, seed {{seed}}")], "percentunit", thresholds((RED, None), (YELLOW, 0.8), (GREEN, 0.95))),
    ]),
    ("Architectures: mean over seeds", 9, [
        lines("Discounted return: the higher line learns more", "Mean over the runs of an architecture, of the last 1000 episodes of each; the dashed line is the optimum.",
              [(f"avg by (arch) ({RETURN})", "{{arch}}"), (f"max({named('nmn_discounted_return_optimum')})", "optimum", "limit")], "none"),
        lines("Spread over seeds: small is reliable", "Greatest less least return of an architecture's runs; 0 for one run.",
              [(f"max by (arch) ({RETURN}) - min by (arch) ({RETURN})", "{{arch}}")], "none", minimum=0),
        lines("Updates done: compare only at equal heights", "Mean over the runs of an architecture.",
              [(f"avg by (arch) ({named('nmn_run_updates')})", "{{arch}}")], minimum=0),
    ]),
    ("Seeds side by side", 9, [
        lines("Discounted return by run: lines of one kind lie together", "Of the last 1000 episodes.", [(RETURN, "{{arch}}, seed {{seed}}")], "none"),
        lines("Reward at the last step by run: high means that it has found the task", "Mean over the last update's episodes.",
              [(named('nmn_adaptation_reward_mean{step="last"}'), "{{arch}}, seed {{seed}}")]),
    ]),
    (None, 9, [
        lines("KL over its target by run: near 1 is good", "A seed that leaves the others is in trouble.",
              [(named("(nmn_kl_divergence / nmn_kl_target)"), "{{arch}}, seed {{seed}}")], log=True, runbook=["NmnPolicyRevertsNearLimit"]),
        lines("Explained variance by run: towards 100 %", "How much of the returns the critic foresees.",
              [(named("nmn_explained_variance_ratio"), "{{arch}}, seed {{seed}}")], "percentunit", maximum=1),
        lines("Updates a minute by run: all alike", "Slow ones share their cores with others.",
              [(named("60 * rate(nmn_updates_total[$__rate_interval])"), "{{arch}}, seed {{seed}}")], minimum=0),
    ]),
]
