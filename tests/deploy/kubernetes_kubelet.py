"""What a kubelet does for one pod, with processes of this machine in place of containers: volumes, user, command, environment, exec probes,
the order of start and end. As root."""

import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
CONTAINER = os.path.join(HERE, "kubernetes", "container.sh")
DOCKERFILE = os.path.realpath(os.path.join(HERE, "..", "..", "docker", "Dockerfile"))
# Brings loopback up (SIOCSIFFLAGS, IFF_UP), then keeps the network namespace until its stdin ends.
HOLD = ("import fcntl, socket, struct, sys\n"
        "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 1))\n"
        "print('up', flush=True)\nsys.stdin.read()\n")


def entry_point(image):
    """Of an image that docker/Dockerfile builds: nmn-learner is its target learner."""
    with open(DOCKERFILE, encoding="utf-8") as file:
        stage = re.search(rf"^FROM \S+ AS {image.removeprefix('nmn-')}$(.*?)^ENTRYPOINT \[\"([^\"]+)\"\]$", file.read(), re.MULTILINE | re.DOTALL)
    return stage[2]


class PodRun:
    """A pod that runs here. stop() in any case."""

    def __init__(self, pod, config_map, claim, folder, programs):
        self.pod, self.claim, self.folder, self.programs = pod, claim, folder, programs
        self.user = pod["spec"]["securityContext"]["runAsUser"]
        self.volumes = {}
        self.processes = {}
        self.holder = None
        for volume in pod["spec"]["volumes"]:
            path = claim if "persistentVolumeClaim" in volume else os.path.join(folder, volume["name"])
            os.makedirs(path, exist_ok=True)
            if "configMap" in volume:
                for name, text in config_map["data"].items():
                    with open(os.path.join(path, name), "w", encoding="utf-8") as file:
                        file.write(text)
            else:  # fsGroup
                os.chown(path, 0, pod["spec"]["securityContext"]["fsGroup"])
                os.chmod(path, 0o2775)
            self.volumes[volume["name"]] = path

    def containers(self):
        """In the order of their start."""
        return self.pod["spec"]["initContainers"] + self.pod["spec"]["containers"]

    def command(self, container, words):
        """What runs words as that container would."""
        root = os.path.join(self.folder, "root-" + container["name"])
        os.makedirs(root, exist_ok=True)
        mounts = [f"{self.volumes[mount['name']]}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}"
                  for mount in container.get("volumeMounts", [])]
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "unshare", "--mount", CONTAINER, root, self.programs, str(self.user),
                *mounts, "--", *words]

    def environment(self, container):
        values = {}
        for one in container.get("env", []):
            if "valueFrom" in one:
                of, key = re.fullmatch(r"metadata\.(annotations|labels)\['(.*)'\]", one["valueFrom"]["fieldRef"]["fieldPath"]).groups()
                values[one["name"]] = self.pod["metadata"][of][key]
            else:
                values[one["name"]] = one["value"]
        return values

    def log(self, name):
        with open(os.path.join(self.folder, f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self):
        self.holder = subprocess.Popen(["unshare", "--net", sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise AssertionError("no network namespace")
        for container in self.containers():
            image = container["image"].rpartition("/")[2].partition(":")[0]
            words = container.get("command", [entry_point(image)]) + container.get("args", [])
            with open(os.path.join(self.folder, container["name"] + ".log"), "wb") as log:
                self.processes[container["name"]] = subprocess.Popen(self.command(container, words), env=self.environment(container), stdin=subprocess.DEVNULL,
                                                                     stdout=log, stderr=subprocess.STDOUT)

    def probe(self, name, kind):
        """Whether an exec probe is content now."""
        container = next(one for one in self.containers() if one["name"] == name)
        probe = container[kind]
        return subprocess.run(self.command(container, probe["exec"]["command"]), env=self.environment(container), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).returncode == 0

    def started(self):
        """Waits as the startup probe says."""
        probe = next(one for one in self.containers() if one["name"] == "learner")["startupProbe"]
        deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
        while not self.probe("learner", "startupProbe"):
            if self.processes["learner"].poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.log("learner") + self.log("actor"))

    def terminate(self):
        """As for a pod that is told to end. Returns the learner's exit code."""
        self.processes["learner"].send_signal(signal.SIGTERM)
        return self.wait(self.pod["spec"]["terminationGracePeriodSeconds"])

    def wait(self, limit):
        """Waits for the learner, then ends the sidecar. Returns the learner's exit code."""
        code = self.processes["learner"].wait(timeout=limit)
        self.processes["actor"].terminate()
        self.processes["actor"].wait(timeout=self.pod["spec"]["terminationGracePeriodSeconds"])
        return code

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        if self.holder:
            self.holder.communicate()  # the end of its stdin
