#!/bin/sh
# Writes prometheus-rule.yaml beside this file: deploy/prometheus/rules.yaml as an object of the Prometheus operator.
set -eu
cd "$(dirname "$0")"
{
  cat <<'YAML'
# Written by generate.sh from deploy/prometheus/rules.yaml: change that.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: nmn
  labels:
    app.kubernetes.io/name: nmn
spec:
YAML
  sed 's/^\(.\)/  \1/' ../../prometheus/rules.yaml
} >prometheus-rule.yaml
