"""Dashboard Fleet: do learner and actors work, and which of them is the bottleneck?"""

from panels import BLUE, GREEN, RED, YELLOW, alerts_firing, lines, number, thresholds, variable

LEARNER = '{instance=~"$learner"}'
PROCESS = '{job="learner", instance=~"$learner"}'  # process_* metrics, which actors have too
ACTORS = '{job="actor"}'
RATE = "[$__rate_interval]"

VARIABLES = [variable("learner", "Learner", "nmn_actors_connected", "instance", multiple=True)]

NOT_TAKEN = 'verdict!~"accepted|duplicate"'


def spread(expression):
    """Least, mean and greatest over the actors: a line each would drown a fleet of hundreds."""
    return [(f"min({expression})", "least"), (f"avg({expression})", "mean", "main"), (f"max({expression})", "greatest")]


def words(*ranges):
    return [{"type": "range", "options": {"from": low, "to": high, "result": {"text": word, "index": index}}}
            for index, (low, high, word) in enumerate(ranges)]


ROWS = [
    (None, 4, [
        number("Serving: yes", "What the learner's grpc.health.v1 says.", f"min(nmn_serving{LEARNER})",
               steps=thresholds((RED, None), (GREEN, 1)), mappings=words((0, 0, "no"), (1, 1, "yes")),
               runbook=["NmnLearnerNotServing", "NmnLearnerDown"]),
        number("Actors connected", "Streams to the learner: as many as you started. 0: training waits.", f"sum(nmn_actors_connected{LEARNER})",
               steps=thresholds((RED, None), (GREEN, 1)), runbook=["NmnNoActors"]),
        number("Bottleneck: who limits?", "Share of the time that the learner computes. Learner: give it cores. Actors: start more.",
               f"avg(nmn_learner_busy_ratio{LEARNER})", "percentunit", thresholds((BLUE, None), (GREEN, 0.3), (YELLOW, 0.9)), maximum=1,
               mappings=words((0, 0.3, "actors"), (0.9, 1, "learner"))),
        number("Env-steps/s", "Environment steps that training used.", f"sum(rate(nmn_environment_steps_total{LEARNER}{RATE}))", "short"),
        number("Checkpoint: minutes old", "Time since the last one. Work since then is done again after a crash.",
               f"max(time() - nmn_checkpoint_last_success_timestamp_seconds{LEARNER})", "s",
               thresholds((GREEN, None), (YELLOW, 900), (RED, 1800)), runbook=["NmnCheckpointStale", "NmnCheckpointFailing"], decimals=0),
        number("Quarantined: 0", "Actors whose work is refused after three malformed messages.", f"sum(nmn_actors_quarantined{LEARNER})",
               steps=thresholds((GREEN, None), (RED, 1)), runbook=["NmnActorQuarantined"]),
        alerts_firing(),
    ]),
    ("Work", 8, [
        lines("Learner busy: low, add actors; high, add cores", "Share of the last updates' time that the learner computed.",
              [(f"nmn_learner_busy_ratio{LEARNER}", "{{instance}} busy", "main")], "percentunit", minimum=0, maximum=1),
        lines("Env-steps a second: what is played is trained on", "What the learner measures of its actors, what they count themselves, and what an update used.",
              [(f"sum(nmn_actors_steps_per_second{LEARNER})", "actors' measured speed"),
               (f"sum(rate(nmn_actor_environment_steps_total{ACTORS}{RATE}))", "played"),
               (f"sum(rate(nmn_environment_steps_total{LEARNER}{RATE}))", "trained on", "main")], minimum=0),
        lines("Wait for a batch: short beside an update", "From the end of an update to the last episode of the next batch.",
              [(f"histogram_quantile(0.5, sum by (le) (rate(nmn_batch_wait_seconds_bucket{LEARNER}{RATE})))", "median"),
               (f"histogram_quantile(0.95, sum by (le) (rate(nmn_batch_wait_seconds_bucket{LEARNER}{RATE})))", "95 %")], "s", minimum=0),
    ]),
    (None, 8, [
        lines("Actors: connected should not fall", "Streams to the learner, processes that Prometheus reads, and actors that say they are connected.",
              [(f"sum(nmn_actors_connected{LEARNER})", "connected", "main"), (f"count(up{ACTORS} == 1)", "processes up"),
               (f"sum(nmn_actor_connected{ACTORS})", "say they are connected")], minimum=0, runbook=["NmnNoActors", "NmnActorDisconnected"]),
        lines("Policy lag: 0 in SYNC, else below the limit", "Versions between the oldest policy of the last batch and the newest.",
              [(f"nmn_policy_lag_versions{LEARNER}", "{{instance}} lag", "main"), (f"max(nmn_policy_lag_limit_versions{LEARNER})", "limit", "limit")],
              minimum=0),
        lines("Ingest queue: far below the dashed limit", "Bytes of trajectories that wait to be checked or trained on. Full: actors wait for credit.",
              [(f"nmn_ingest_queue_bytes{LEARNER}", "{{instance}} queue", "main"), (f"max(nmn_ingest_queue_limit_bytes{LEARNER})", "limit", "limit")],
              "bytes", minimum=0, runbook=["NmnIngestQueueFull"]),
    ]),
    ("Deliveries", 8, [
        lines("Leases: expired should stay at 0", "Units leased a minute and those not delivered in time; units now out, and not yet out.",
              [(f"60 * sum(rate(nmn_leases_granted_total{LEARNER}{RATE}))", "granted a minute"),
               (f"60 * sum(rate(nmn_leases_expired_total{LEARNER}{RATE}))", "expired a minute", "main"),
               (f"sum(nmn_leases_outstanding{LEARNER})", "outstanding"), (f"sum(nmn_units_unleased{LEARNER})", "not leased")], minimum=0,
              runbook=["NmnLeasesExpiring"]),
        lines("Trajectories refused: all lines at 0", "A second, by reason. Some stale_generation after a restart is harmless.",
              [(f"sum by (verdict) (rate(nmn_trajectories_total{{instance=~\"$learner\", {NOT_TAKEN}}}{RATE}))", "{{verdict}}")], minimum=0,
              runbook=["NmnTrajectoriesRejected", "NmnActorQuarantined"]),
        lines("Trajectories taken: duplicates are few", "A second.",
              [(f"sum by (verdict) (rate(nmn_trajectories_total{{instance=~\"$learner\", verdict=~\"accepted|duplicate\"}}{RATE}))", "{{verdict}}")],
              minimum=0),
    ]),
    (None, 8, [
        lines("rpc latency: milliseconds are good", "99 % of the calls since the learner's start were shorter, by method: unary calls are rare. No line where nothing called.",
              [(f"histogram_quantile(0.99, sum by (le, method) (nmn_grpc_server_handling_seconds_bucket{LEARNER}))", "{{method}}")],
              "s", minimum=0),
        lines("rpcs failed: 0 is good", "Ended in a minute, with another code than OK, by method. An actor that is killed ends its Exchange so.",
              [(f"60 * sum(rate(nmn_grpc_server_handled_total{{instance=~\"$learner\", code=\"OK\"}}{RATE}))", "OK, all methods"),
               (f"60 * sum by (method) (rate(nmn_grpc_server_handled_total{{instance=~\"$learner\", code!=\"OK\"}}{RATE}))", "{{method}} failed")],
              minimum=0),
        lines("Limits met: all lines at 0", "Clients refused in a minute because they wanted more than one may have, by limit.",
              [(f"60 * sum by (limit) (rate(nmn_limit_reached_total{LEARNER}{RATE}))", "{{limit}}")], minimum=0, runbook=["NmnLimitReached"]),
        lines("Network: steady is good", "Bytes of trajectories received a second.",
              [(f"sum(rate(nmn_trajectory_bytes_total{LEARNER}{RATE}))", "received a second")], "bytes", minimum=0),
    ]),
    ("Actors", 8, [
        lines("Busy: near 100 % if actors limit", "Share of each actor's time that it plays.",
              spread(f"rate(nmn_actor_busy_seconds_total{ACTORS}{RATE})"), "percentunit", minimum=0),
        lines("Policy in use: the lines lie together", "Version each actor plays with; the learner publishes the dashed one.",
              [*spread(f"nmn_actor_policy_version{ACTORS}"), (f"max(nmn_weights_version{LEARNER})", "published", "limit")],
              runbook=["NmnActorStuck"]),
        lines("Outbox: small and flat", "Bytes played and not yet acknowledged.", spread(f"nmn_actor_outbox_bytes{ACTORS}"), "bytes", minimum=0,
              runbook=["NmnIngestQueueFull"]),
        lines("Reconnects in ten minutes: 0 is good", "All actors together.", [(f"sum(increase(nmn_actor_reconnects_total{ACTORS}[10m]))", "reconnects")],
              minimum=0, runbook=["NmnActorDisconnected", "NmnLearnerDown"]),
    ]),
    ("Machines", 8, [
        lines("Memory: flat is good", "Resident bytes of the learner, of the largest actor and of all actors.",
              [(f"process_resident_memory_bytes{PROCESS}", "learner {{instance}}", "main"), (f"max(process_resident_memory_bytes{ACTORS})", "largest actor"),
               (f"sum(process_resident_memory_bytes{ACTORS})", "all actors")], "bytes", minimum=0),
        lines("CPU: cores in use", "Of the learner and of all actors.",
              [(f"rate(process_cpu_seconds_total{PROCESS}{RATE})", "learner {{instance}}", "main"),
               (f"sum(rate(process_cpu_seconds_total{ACTORS}{RATE}))", "all actors")], "none", minimum=0),
        lines("Open files: far below the dashed limit", "Of the learner, which has one for each actor.",
              [(f"process_open_fds{PROCESS}", "{{instance}} open", "main"), (f"min(process_max_fds{PROCESS})", "limit", "limit")], log=True),
        lines("Checkpoints: failures stay at 0", "In ten minutes; and the time that 95 % of those since the learner's start took less than.",
              [(f"sum(increase(nmn_checkpoint_saves_total{LEARNER}[10m]))", "saved"),
               (f"sum(increase(nmn_checkpoint_failures_total{LEARNER}[10m]))", "failed", "main"),
               (f"histogram_quantile(0.95, sum by (le) (nmn_checkpoint_duration_seconds_bucket{LEARNER}))", "95 % took, seconds", "right")],
              minimum=0, runbook=["NmnCheckpointFailing", "NmnCheckpointStale", "NmnCheckpointCorrupt"]),
    ]),
]
