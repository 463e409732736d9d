"""A control plane of Kubernetes on free ports of loopback: etcd, API server, controller manager, scheduler, and KWOK in place of the
kubelets of two nodes. No container runs. Pods become ready by themselves; the test ends them, by Cluster.end."""

import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import kubernetes_programs

HERE = os.path.dirname(os.path.realpath(__file__))
LIMIT_SECONDS = 300  # for anything to come true; seconds on a machine that does little else
POLL_SECONDS = 0.1
# What etcd 3.4, Debian's, lacks the requests for: the API server would wait three seconds for each, many times.
WITHOUT = "SizeBasedListCostEstimate=false,WatchList=false,ListFromCacheSnapshot=false,DetectCacheInconsistency=false"
NODES = ("node-1", "node-2")


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return numbers


def wait_for(what, condition, limit=LIMIT_SECONDS):
    """The first true value of condition(); what names it if there is none in time."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {limit} s: {what}")
        time.sleep(POLL_SECONDS)


class Refused(Exception):
    """The API server said no."""

    def __init__(self, error):
        self.code = error.code
        super().__init__(f"{self.code}: {error.read().decode(errors='replace')}")


class Cluster:
    """Call stop() in any case; it ends what start() got to."""

    def __init__(self, folder):
        self.folder = folder
        self.etcd = kubernetes_programs.etcd()
        self.programs = kubernetes_programs.programs()
        self.kubectl_program = os.path.join(self.programs, "kubectl")
        self.config = os.path.join(folder, "kubeconfig")
        self.token = secrets.token_hex(16)
        self.processes = {}
        self.url = ""
        # The server signs its own certificate.
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def run(self, name, program, *arguments):
        with open(os.path.join(self.folder, f"{name}.log"), "wb") as log:
            self.processes[name] = subprocess.Popen([program, *arguments], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                                    cwd=self.folder)

    def alive(self):
        """Fails with the end of its log if a process has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                with open(os.path.join(self.folder, f"{name}.log"), encoding="utf-8", errors="replace") as log:
                    raise AssertionError(f"{name} ended with {process.returncode}:\n{log.read()[-2000:]}")
        return True

    def start(self):
        client, peer, api = free_ports(3)
        self.url = f"https://127.0.0.1:{api}"
        database = f"http://127.0.0.1:{client}"
        subprocess.run(["openssl", "genrsa", "-out", "sa.key", "2048"], check=True, cwd=self.folder, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"], check=True, cwd=self.folder, stderr=subprocess.DEVNULL)
        self.write("tokens.csv", f'{self.token},admin,1,"system:masters"\n')
        self.write("kubeconfig", json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": self.url, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "admin"}}]}))
        with open(os.path.join(self.programs, "stages.yaml"), encoding="utf-8") as theirs, \
                open(os.path.join(HERE, "kubernetes", "stages.yaml"), encoding="utf-8") as ours:
            self.write("stages.yaml", theirs.read() + "---\n" + ours.read())
        self.run("etcd", self.etcd, "--data-dir=etcd", f"--listen-client-urls={database}", f"--advertise-client-urls={database}",
                 f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
                 f"--initial-cluster=default=http://127.0.0.1:{peer}")
        self.run("apiserver", os.path.join(self.programs, "kube-apiserver"), f"--etcd-servers={database}", "--bind-address=127.0.0.1",
                 f"--secure-port={api}", "--cert-dir=certs", "--service-account-key-file=sa.pub", "--service-account-signing-key-file=sa.key",
                 "--service-account-issuer=https://kubernetes.default", "--authorization-mode=RBAC", "--token-auth-file=tokens.csv",
                 "--service-cluster-ip-range=10.0.0.0/24", f"--feature-gates={WITHOUT}")
        wait_for("the API server is ready", lambda: self.alive() and self.ready())
        self.run("controller-manager", os.path.join(self.programs, "kube-controller-manager"), f"--kubeconfig={self.config}",
                 "--service-account-private-key-file=sa.key", "--leader-elect=false", "--secure-port=0")
        self.run("scheduler", os.path.join(self.programs, "kube-scheduler"), f"--kubeconfig={self.config}", "--leader-elect=false",
                 "--secure-port=0")
        for node in NODES:
            self.post("/api/v1/nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {
                "name": node, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"kubernetes.io/hostname": node}},
                "status": {name: {"cpu": "64", "memory": "256Gi", "pods": "110"} for name in ("capacity", "allocatable")}})
        self.run("kwok", os.path.join(self.programs, "kwok"), f"--kubeconfig={self.config}", "--manage-all-nodes=true",
                 "--config=stages.yaml", "--node-lease-duration-seconds=40")
        for node in NODES:
            wait_for(f"{node} is ready and takes pods", lambda node=node: self.alive() and self.takes_pods(node))

    def takes_pods(self, node):
        there = self.get(f"/api/v1/nodes/{node}")
        return condition(there, "Ready") and not there["spec"].get("taints")

    def stop(self):
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def ready(self):
        try:
            self.call("GET", "/readyz")
            return True
        except (OSError, Refused):
            return False

    def call(self, method, path, body=None, kind="application/json"):
        """The bytes that the API server answers. Raises Refused."""
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error) from None

    def get(self, path):
        return json.loads(self.call("GET", path))

    def post(self, path, body):
        return json.loads(self.call("POST", path, body))

    def kubectl(self, *arguments, input=None, cwd=None):  # pylint: disable=redefined-builtin
        """The finished process, whatever its exit code."""
        return subprocess.run([self.kubectl_program, f"--kubeconfig={self.config}", *arguments], input=input, cwd=cwd, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS)

    def end(self, pod, code):
        """What a kubelet reports of a pod whose learner ended with that exit code, and whose actor it then stopped."""
        names = [[{"name": one["name"], "image": one["image"], "imageID": "", "restartCount": 0, "ready": False, "state": {
            "terminated": {"exitCode": code if one["name"] == "learner" else 75}}} for one in pod["spec"][of]] for of in
            ("containers", "initContainers")]
        self.call("PATCH", path_of(pod) + "/status", {"status": {
            "phase": "Failed" if code else "Succeeded", "containerStatuses": names[0], "initContainerStatuses": names[1],
            "conditions": [{"type": name, "status": "False"} for name in ("Ready", "ContainersReady")]}},
            "application/strategic-merge-patch+json")

    def evict(self, pod):
        """As kubectl drain asks for it. Raises Refused: 429 where the budget would be broken."""
        meta = pod["metadata"]
        self.post(path_of(pod) + "/eviction", {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {
            "name": meta["name"], "namespace": meta["namespace"]}})


def path_of(pod):
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def condition(thing, kind):
    """Whether a condition of an object is true."""
    return any(one["type"] == kind and one["status"] == "True" for one in thing.get("status", {}).get("conditions") or [])


def warnings(stderr):
    """Lines of kubectl that are warnings, of the API server or of kustomize."""
    return [line for line in stderr.splitlines() if re.search("warning|deprecat", line, re.IGNORECASE)]
