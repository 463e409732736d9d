"""Dashboard Training: does this run learn, and is the optimiser well?"""

from panels import GREEN, RED, YELLOW, alerts_firing, bars, lines, number, thresholds, variable

RUN = '{instance=~"$instance"}'
OF_OPTIMUM = thresholds((RED, None), (YELLOW, 0.8), (GREEN, 0.95))

VARIABLES = [variable("instance", "Learner", "nmn_run_info", "instance")]


def quantile(share, histogram):
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{RUN}[$__rate_interval])))"


ROWS = [
    (None, 4, [
        number("Of optimum: 95 %",
               "Mean discounted return of the last 1000 episodes over that of a policy that knows the task: 95 % is solved. No data where no optimum is known.",
               f"nmn_discounted_return_recent_mean{RUN} / nmn_discounted_return_optimum{RUN}", "percentunit", OF_OPTIMUM, maximum=1),
        number("Discounted return", "Mean of the last 1000 episodes, gamma = 0.998.", f"nmn_discounted_return_recent_mean{RUN}", "none", decimals=0),
        number("Progress: ends at 100 %", "Updates done of the budget, over all restarts.",
               f"nmn_run_updates{RUN} / nmn_run_budget_updates{RUN}", "percentunit", maximum=1, runbook=["NmnNoUpdates"]),
        number("Time left", "Estimated from the last updates.", f"nmn_run_seconds_left{RUN}", "dtdurations"),
        number("Updates/min: steady", "0 for long: see the runbook.",
               f"60 * rate(nmn_updates_total{RUN}[$__rate_interval])", decimals=1, runbook=["NmnNoUpdates"],
               steps=thresholds((RED, None), (GREEN, 1e-9))),
        number("Reverts: 0 %", "Policy updates in a row that were taken back because their KL was far above its target, of the limit at which the run ends as diverged.",
               f"nmn_policy_consecutive_reverts{RUN} / clamp_min(nmn_policy_consecutive_reverts_limit{RUN}, 1)", "percentunit",
               thresholds((GREEN, None), (YELLOW, 0.01), (RED, 0.5)), runbook=["NmnPolicyRevertsNearLimit"], maximum=1),
        alerts_firing(),
    ]),
    ("Does it learn?", 9, [
        lines("Discounted return: rises to the dashed optimum",
              "Mean of each update's episodes, of the last 1000 episodes, and what a policy that knows the task gets.",
              [(f"nmn_discounted_return_mean{RUN}", "last update"), (f"nmn_discounted_return_recent_mean{RUN}", "last 1000 episodes", "main"),
               (f"nmn_discounted_return_optimum{RUN}", "optimum", "limit")], "none"),
        lines("Raw return: rises, and the spread narrows",
              "Mean of the last update's episodes without discount, and one standard deviation around it.",
              [(f"nmn_return_mean{RUN}", "mean", "main"), (f"nmn_return_mean{RUN} + nmn_return_stddev{RUN}", "mean + sd"),
               (f"nmn_return_mean{RUN} - nmn_return_stddev{RUN}", "mean - sd")], "none"),
    ]),
    ("Does it adapt within an episode?", 9, [
        lines("Reward by step of the episode: later steps climb away from step 0",
              "Mean reward of the last update's episodes at that step. Step 0 knows nothing of the task; a policy that adapts is good by step 10.",
              [(f"nmn_adaptation_reward_mean{RUN}", "step {{step}}")]),
        bars("Now: bars grow downwards", "The same, of the last update.",
             [(f'nmn_adaptation_reward_mean{{instance=~"$instance", step="{step}"}}', f"step {step}") for step in ("0", "1", "2", "5", "10", "last")]),
    ]),
    ("Does it adapt from trial to trial? (tasks with trials)", 9, [
        lines("Return by number of the trial: later trials climb away from the first",
              "Mean return of the trials of the last update's episodes, of those that completed it. A policy that adapts gets more in later ones.",
              [(f'nmn_trial_return_mean{{instance=~"$instance", trial!="cut"}}', "trial {{trial}}")]),
        lines("Trials completed in an episode",
              "Mean of the last update's episodes, and how many of them had a trial of that number.",
              [(f"nmn_trials_per_episode_mean{RUN}", "trials", "main"), (f"nmn_trial_episodes{RUN}", "episodes with trial {{trial}}")]),
    ]),
    ("Is the optimiser well?", 8, [
        lines("Policy loss: near 0, without a drift", "Of the last update's epochs. Its level means little, a jump means trouble.",
              [(f"nmn_policy_loss{RUN}", "policy loss")], runbook=["NmnNonFiniteUpdate"]),
        lines("Critic loss: falls, then stays low", "On scaled returns.", [(f"nmn_critic_loss{RUN}", "critic loss")], log=True,
              runbook=["NmnNonFiniteUpdate"]),
        lines("Explained variance: towards 100 %, never below 0",
              "1 - Var(return - value) / Var(return): how much of the returns the critic foresees. Below 0 it is worse than a constant.",
              [(f"nmn_explained_variance_ratio{RUN}", "explained variance")], "percentunit",
              thresholds((RED, None), (YELLOW, 0), (GREEN, 0.5)), maximum=1),
    ]),
    (None, 8, [
        lines("KL divergence: stays near its dashed target",
              "Mean KL between the policies before and after the update. The control holds it there; far above, the update is taken back.",
              [(f"nmn_kl_divergence{RUN}", "KL", "main"), (f"nmn_kl_target{RUN}", "target", "limit")], log=True,
              runbook=["NmnPolicyRevertsNearLimit"]),
        lines("beta, rate multiplier: neither runs away",
              "What holds KL at its target. beta weighs the KL penalty (objective KL_PENALTY; else 0 or none), the multiplier scales the policy's learning rate.",
              [(f"nmn_kl_penalty_beta{RUN}", "beta"), (f"nmn_learning_rate_multiplier{RUN}", "rate multiplier")]),
        lines("Updates taken back: none is good", "Policy updates reverted in ten minutes.",
              [(f"increase(nmn_policy_updates_reverted_total{RUN}[10m])", "taken back")], minimum=0, runbook=["NmnPolicyRevertsNearLimit"]),
    ]),
    (None, 8, [
        lines("Entropy: falls slowly", "Mean Gaussian entropy of the actions. A fall at once is a policy that stopped to explore; a rise without end diverges.",
              [(f"nmn_entropy_mean{RUN}", "entropy")], "none"),
        lines("Action's standard deviation: falls as the policy gets sure", "Mean over the last update's steps.",
              [(f"nmn_policy_standard_deviation{RUN}", "standard deviation")], minimum=0),
    ]),
    ("Where does the time go?", 8, [
        lines("Time by phase: mostly update", "Share of the wall time. collect is the wait for actors. Phases that run side by side sum to more than 1.",
              [(f"rate(nmn_phase_seconds_total{RUN}[$__rate_interval])", "{{phase}}")], "percentunit", stacked=True, minimum=0,
              runbook=["NmnNoUpdates"]),
        lines("An update's duration: flat is good", "Half and 95 % of the updates are shorter.",
              [(quantile(0.5, "nmn_update_duration_seconds"), "median"), (quantile(0.95, "nmn_update_duration_seconds"), "95 %")], "s", minimum=0),
        lines("Episodes a minute: steady is good", "Trained on, by this process.", [(f"60 * rate(nmn_episodes_total{RUN}[$__rate_interval])", "episodes a minute")],
              minimum=0),
    ]),
]
