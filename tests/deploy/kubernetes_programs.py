"""The programs of a Kubernetes control plane: built once from the Go modules that kubernetes/go.mod pins, and kept in ~/.cache/nmn."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile

from monitoring_test import CRDS, OPERATOR

HERE = os.path.dirname(os.path.realpath(__file__))
MODULE = os.path.join(HERE, "kubernetes")
PACKAGES = ("k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager", "k8s.io/kubernetes/cmd/kube-scheduler",
            "k8s.io/kubernetes/cmd/kubectl", "sigs.k8s.io/kwok/cmd/kwok")
STAGES = ("node/fast/node-initialize.yaml", "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml", "pod/fast/pod-ready.yaml")
DOWNLOAD_SECONDS = 900
BUILD_SECONDS = 3600  # four minutes on two idle cores


class Missing(Exception):
    """What is neither there nor to be had. The test is skipped."""


def cache():
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nmn")


def version():
    """Of Kubernetes, "v1.36.3"."""
    with open(os.path.join(MODULE, "go.mod"), encoding="utf-8") as file:
        return next(line.split()[-1] for line in file if "k8s.io/kubernetes v" in line)


def from_proxy(*command, folder=MODULE):
    """What a go command prints that downloads what it needs."""
    try:
        return subprocess.run(["go", *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                              timeout=DOWNLOAD_SECONDS).stdout
    except (subprocess.SubprocessError, OSError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        raise Missing(f"go {' '.join(command[:2])} failed: {reason.strip()[-300:]}") from error


def build(into):
    """Programs, KWOK's stages and nothing else into a folder."""
    from_proxy("list", "-deps", *PACKAGES)
    number = "k8s.io/component-base/version."
    major, minor, _ = version()[1:].split(".")
    names = f"-s -w -X {number}gitVersion={version()} -X {number}gitMajor={major} -X {number}gitMinor={minor}"
    subprocess.run(["go", "build", "-trimpath", f"-ldflags={names}", "-o", into + "/", *PACKAGES], cwd=MODULE, check=True, timeout=BUILD_SECONDS)
    kwok = json.loads(from_proxy("list", "-m", "-json", "sigs.k8s.io/kwok"))["Dir"]
    with open(os.path.join(into, "stages.yaml"), "w", encoding="utf-8") as out:
        for stage in STAGES:
            with open(os.path.join(kwok, "kustomize", "stage", stage), encoding="utf-8") as file:
                out.write("---\n" + file.read())


def kept(name, make):
    """The folder of that name in the cache; where there is none, make(folder) fills it. It is there whole or not at all."""
    folder = os.path.join(cache(), name)
    if not os.path.isdir(folder):
        os.makedirs(cache(), exist_ok=True)
        half = tempfile.mkdtemp(prefix=name + ".", dir=cache())
        try:
            make(half)
            os.chmod(half, 0o755)
            try:
                os.rename(half, folder)
            except OSError:  # somebody else's was first
                if not os.path.isdir(folder):
                    raise
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return folder


def programs():
    """The folder that holds what build() makes."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "tools.go"):
        with open(os.path.join(MODULE, name), "rb") as file:
            digest.update(file.read())
    name = f"kubernetes-{version()}-{digest.hexdigest()[:12]}"
    if not os.path.isdir(os.path.join(cache(), name)):
        if not shutil.which("go"):
            raise Missing("there is no go, which builds the control plane (https://go.dev/dl)")
        print(f"building {version()} once, into {cache()}/{name}", flush=True)
    return kept(name, build)


def etcd():
    """The path of etcd: the installed one, or that of Debian's package, unpacked and not installed: its service would start."""
    if shutil.which("etcd"):
        return shutil.which("etcd")

    def unpack(folder):
        try:
            subprocess.run("apt-get download etcd-server && dpkg-deb -x etcd-server_*.deb . && rm etcd-server_*.deb", shell=True, check=True,
                           cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=DOWNLOAD_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise Missing(f"Debian's etcd-server cannot be had: {(getattr(error, 'stderr', '') or str(error)).strip()[-300:]}") from error

    return os.path.join(kept("etcd", unpack), "usr", "bin", "etcd")


def operator_crds():
    """The folder with the custom resource definitions of the Prometheus operator, out of its Go module."""
    folder = json.loads(from_proxy("mod", "download", "-json", OPERATOR, folder="/"))["Dir"]
    return os.path.join(folder, os.path.dirname(CRDS))
