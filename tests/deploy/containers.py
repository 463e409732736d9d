#!/usr/bin/env python3
"""Checks running containers of deploy/compose.yaml by what the engine and the kernel say of them: user, rights, root file system, memory, ports.

usage: containers.py CONTAINER..
"""

import json
import subprocess
import sys

PUBLISHED = {"prometheus", "grafana"}


def rights_of(process):
    """What the kernel says of a process: {"CapEff": 0, "NoNewPrivs": 1, ..}."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    rights = {name: int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    return rights | {"NoNewPrivs": int(fields["NoNewPrivs"]), "Uid": min(int(number) for number in fields["Uid"].split())}


def problems_of(container):
    host, config = container["HostConfig"], container["Config"]
    service = config["Labels"]["com.docker.compose.service"]
    rights = rights_of(container["State"]["Pid"])
    checks = {
        "its process has capabilities": not any(value for name, value in rights.items() if name.startswith("Cap")),
        "its process may gain rights": rights["NoNewPrivs"] == 1,
        "its process is root's": rights["Uid"] != 0,
        "its root file system can be written": host["ReadonlyRootfs"],
        "it has capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "it may gain rights": any(option.startswith("no-new-privileges") for option in host["SecurityOpt"] or []),
        "it runs as root": config["User"].split(":")[0] not in ("", "0", "root"),
        "its memory has no limit": host["Memory"] > 0,
        "it does not stop by SIGTERM": config.get("StopSignal", "SIGTERM") == "SIGTERM",
        "it has less than 30 s to stop": config.get("StopTimeout", 0) >= 30,
    }
    if service in ("learner", "actor"):
        checks["its user is not 10001"] = config["User"] == "10001:10001"
        checks["it has no health check"] = config.get("Healthcheck") is not None
    problems = [problem for problem, holds in checks.items() if not holds]
    for port, bindings in (host["PortBindings"] or {}).items():
        for binding in bindings:
            if service not in PUBLISHED or binding["HostIp"] != "127.0.0.1":
                problems.append(f"{port} is published on {binding['HostIp'] or 'every address'}")
    return [f"{service}: {problem}" for problem in problems]


def main():
    containers = json.loads(subprocess.run(["docker", "inspect", *sys.argv[1:]], check=True, capture_output=True).stdout)
    problems = [problem for container in containers for problem in problems_of(container)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"containers: {len(containers)}, problems: {len(problems)}")
    return 1 if problems or not containers else 0


if __name__ == "__main__":
    sys.exit(main())
