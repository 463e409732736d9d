#!/usr/bin/env python3
"""Asks a Prometheus. Prints the value of each series that EXPRESSION gives; exit code 1 where it gives none.

usage: prometheus.py URL EXPRESSION
A comparison gives a series only where it holds: prometheus.py http://127.0.0.1:9090 'nmn_run_updates > 5'
"""

import json
import sys
import urllib.parse
import urllib.request


def main():
    url, expression = sys.argv[1:]
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    for series in result:
        print(series["value"][1])
    return 0 if result else 1


if __name__ == "__main__":
    sys.exit(main())
