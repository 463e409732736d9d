#!/bin/sh
# The learner of the run whose index this pod has; the sweep's files are in /sweep, its run directories in /runs.
run=$(sed -n "$((JOB_COMPLETION_INDEX + 1))p" /sweep/runs.txt)
exec nmn-learner --config="/sweep/$run.textproto" --run_dir="/runs/$run" --resume "$@"
