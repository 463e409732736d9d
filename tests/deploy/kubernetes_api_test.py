#!/usr/bin/env python3
"""kubernetes_api_test.py BIN: what `nmn sweep --engine=kubernetes` writes, and deploy/kubernetes, in a real control plane of Kubernetes with
Pod Security "restricted". BIN holds nmn. No kubelet: no container runs, and the test says how each learner ended. Exit code 77, which ctest
counts as skipped, where Go, its proxy or Debian's etcd is missing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import yaml

import kubernetes_programs
from kubernetes_cluster import Cluster, Refused, condition, path_of, wait_for, warnings
from kubernetes_kubelet import PodRun

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
LEVEL = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
RUNS, AT_ONCE = 8, 4
RUN_PODS = "?labelSelector=app.kubernetes.io/component%3Drun"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
INDEX = "batch.kubernetes.io/job-completion-index"

cluster = None
programs = None  # the folder that holds nmn
folder = None  # for everything that a test writes


def differences(ours, stored, at=""):
    """Where an object lacks what we wrote. What the API server adds is no difference."""
    if isinstance(ours, dict):
        if not isinstance(stored, dict):
            return [f"{at}: {stored!r}"]
        return [line for key, value in ours.items() for line in (
            differences(value, stored[key], f"{at}.{key}") if key in stored else [f"{at}.{key} is not there"])]
    if isinstance(ours, list):
        if not isinstance(stored, list) or len(ours) != len(stored):
            return [f"{at}: {stored!r}"]
        return [line for number, (one, other) in enumerate(zip(ours, stored)) for line in differences(one, other, f"{at}[{number}]")]
    return [] if ours == stored else [f"{at}: {stored!r}, not {ours!r}"]


def annotation(pod, name):
    return pod["metadata"]["annotations"].get(name)


class Sweep:
    """One sweep, AT_ONCE runs at once, in a namespace of its own."""

    def __init__(self, name, runs=RUNS, updates=5):
        self.name = name
        self.path = os.path.join(folder, name)
        self.api = f"/api/v1/namespaces/{name}"
        self.job_path = f"/apis/batch/v1/namespaces/{name}/jobs/nmn-sweep"
        subprocess.run([os.path.join(programs, "nmn"), "sweep", self.path, "--benchmark=b1", "--arch=nmn,rnn", f"--seeds=1-{runs // 2}",
                        "--preset=fast", f"--updates={updates}", "--engine=kubernetes", "--registry=registry.example/nmn", "--tag=1.0",
                        f"--jobs={AT_ONCE}"], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.folder = os.path.join(self.path, "kubernetes")
        cluster.post("/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": name, "labels": LEVEL}})
        # A volume that any node reaches, as a storage class would make it.
        cluster.post("/api/v1/persistentvolumes", {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
            "capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteMany"], "hostPath": {"path": f"/srv/{name}"},
            "claimRef": {"namespace": name, "name": "nmn-sweep-runs"}}})

    def apply(self, *flags, of=None):
        return cluster.kubectl("apply", "--server-side", "--validate=strict", f"--namespace={self.name}", *flags, "-k", of or self.folder)

    def start(self):
        """Applied, and as many pods run as shall at once."""
        done = self.apply()
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        self.running(AT_ONCE)
        return self

    def built(self):
        done = cluster.kubectl("kustomize", self.folder)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(done.stderr)
        return list(yaml.safe_load_all(done.stdout))

    def pods(self):
        return cluster.get(self.api + "/pods" + RUN_PODS)["items"]

    def live(self):
        """Pods that run and were not told to end."""
        return [pod for pod in self.pods() if condition(pod, "Ready") and "deletionTimestamp" not in pod["metadata"]]

    def running(self, count):
        return wait_for(f"{count} pods of {self.name} run", lambda: cluster.alive() and (len(self.live()) == count and self.live()))

    def pod(self, index, other_than=None):
        """The running pod of an index."""
        return wait_for(f"a running pod of index {index} of {self.name}", lambda: cluster.alive() and next((
            pod for pod in self.live()
            if annotation(pod, INDEX) == str(index) and (other_than is None or pod["metadata"]["uid"] != other_than["metadata"]["uid"])), None))

    def job(self):
        return cluster.get(self.job_path)

    def status(self, **wanted):
        """Waits until the Job's status has these values."""
        def has():
            cluster.alive()
            status = self.job()["status"]
            return status if all(status.get(key) == value for key, value in wanted.items()) else None
        return wait_for(f"status of {self.name}: {wanted}; it is {self.job()['status']}", has)

    def budget(self):
        return cluster.get(f"/apis/policy/v1/namespaces/{self.name}/poddisruptionbudgets/nmn-sweep")

    def end_all(self):
        """Every run that is left ends well."""
        def over():
            for pod in self.live():
                cluster.end(pod, 0)
            status = self.job()["status"]
            return status if any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in status.get("conditions", [])) else None
        return wait_for(f"{self.name} is over, {self.job()['status']}", over)


class Applied(unittest.TestCase):
    """What the API server makes of the manifests."""

    @classmethod
    def setUpClass(cls):
        cls.sweep = Sweep("applied")
        cls.first = cls.sweep.apply()
        if cls.first.returncode != 0:
            raise AssertionError(cls.first.stderr)
        cls.sweep.running(AT_ONCE)

    def stored(self, ours):
        plural = {"Job": "batch/v1/{}/jobs", "NetworkPolicy": "networking.k8s.io/v1/{}/networkpolicies",
                  "PodDisruptionBudget": "policy/v1/{}/poddisruptionbudgets", "ConfigMap": "v1/{}/configmaps",
                  "PersistentVolumeClaim": "v1/{}/persistentvolumeclaims"}[ours["kind"]].format("namespaces/" + self.sweep.name)
        return cluster.get(f"/{'api' if plural.startswith('v1') else 'apis'}/{plural}/{ours['metadata']['name']}")

    def test_the_server_is_the_one_that_was_built(self):
        self.assertEqual(cluster.get("/version")["gitVersion"], kubernetes_programs.version())

    def test_without_a_warning_and_again_without_a_change(self):
        self.assertEqual(self.first.stderr, "")
        before = {thing["kind"]: self.stored(thing)["metadata"].get("generation") for thing in self.sweep.built()}
        again = self.sweep.apply()
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertEqual({thing["kind"]: self.stored(thing)["metadata"].get("generation") for thing in self.sweep.built()}, before)

    def test_every_field_is_stored_as_written(self):
        built = self.sweep.built()
        self.assertEqual(sorted(thing["kind"] for thing in built),
                         ["ConfigMap", "Job", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget"])
        for ours in built:
            self.assertEqual(differences(ours, self.stored(ours)), [], ours["kind"])
        policy = self.stored(next(thing for thing in built if thing["kind"] == "NetworkPolicy"))["spec"]
        self.assertEqual((policy["policyTypes"], policy.get("egress", [])), (["Ingress", "Egress"], []))  # a run talks to nobody

    def test_a_pod_has_the_probes_and_the_security_of_the_template(self):
        template = next(thing for thing in self.sweep.built() if thing["kind"] == "Job")["spec"]["template"]
        for pod in self.sweep.live():
            self.assertEqual(differences(template, pod), [])
            for container in pod["spec"]["initContainers"] + pod["spec"]["containers"]:
                index = [one for one in container["env"] if one["name"] == "JOB_COMPLETION_INDEX"]
                self.assertEqual(len(index), 1, container["name"])
                self.assertEqual([mount for mount in container.get("volumeMounts", []) if "serviceaccount" in mount["mountPath"]], [])

    def test_pods_are_scheduled_one_an_index_and_the_claim_is_bound(self):
        pods = self.sweep.live()
        self.assertEqual(sorted(annotation(pod, INDEX) for pod in pods), [str(index) for index in range(AT_ONCE)])
        self.assertTrue(all(pod["spec"]["nodeName"] for pod in pods))
        claim = cluster.get(self.sweep.api + "/persistentvolumeclaims/nmn-sweep-runs")
        self.assertEqual((claim["status"]["phase"], claim["spec"]["volumeName"]), ("Bound", self.sweep.name))

    def test_a_field_that_does_not_exist_is_refused(self):
        for edit in (lambda spec: spec.update(completion=3), lambda spec: spec["template"]["spec"]["containers"][0].update(runAsUser=1),
                     lambda spec: spec["template"]["spec"]["containers"][0]["startupProbe"].update(period=1)):
            job = next(thing for thing in self.sweep.built() if thing["kind"] == "Job")
            job["metadata"]["name"] = "planted"
            edit(job["spec"])
            done = cluster.kubectl("apply", "--server-side", "--validate=strict", f"--namespace={self.sweep.name}", "-f", "-", input=yaml.safe_dump(job))
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, "unknown field|field not declared")

    def test_pod_security_is_on(self):
        job = next(thing for thing in self.sweep.built() if thing["kind"] == "Job")
        job["metadata"]["name"] = "planted"
        job["spec"]["template"]["spec"]["securityContext"].pop("runAsNonRoot")
        done = cluster.kubectl("apply", "--server-side", "--dry-run=server", f"--namespace={self.sweep.name}", "-f", "-", input=yaml.safe_dump(job))
        self.assertEqual(len(warnings(done.stderr)), 1, done.stderr)
        self.assertIn('would violate PodSecurity "restricted', done.stderr)
        with self.assertRaises(Refused) as refused:
            cluster.post(self.sweep.api + "/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "planted"}, "spec": job["spec"]["template"]["spec"]})
        self.assertEqual(refused.exception.code, 403)
        self.assertIn("runAsNonRoot", str(refused.exception))


class Ended(unittest.TestCase):
    """What each exit code of a learner does to its run."""

    def test_42_fails_its_run_at_once_and_no_other(self):
        sweep = Sweep("code-42").start()
        cluster.end(sweep.pod(0), 42)
        status = sweep.status(failedIndexes="0", failed=1)
        self.assertNotIn("completedIndexes", status)
        sweep.running(AT_ONCE)  # the next run has its place
        self.assertNotIn("0", [annotation(pod, INDEX) for pod in sweep.live()])
        status = sweep.end_all()
        self.assertEqual((status["completedIndexes"], status["failedIndexes"], status["failed"]), (f"1-{RUNS - 1}", "0", 1))
        self.assertEqual([one["reason"] for one in status["conditions"] if one["type"] == "Failed"], ["FailedIndexes"])

    def test_1_is_tried_again_and_counts(self):
        sweep = Sweep("code-1").start()
        first = sweep.pod(1)
        self.assertEqual(annotation(first, FAILURES), "0")
        cluster.end(first, 1)
        second = sweep.pod(1, other_than=first)  # after the ten seconds that a Job waits
        self.assertEqual((annotation(second, FAILURES), annotation(second, IGNORED)), ("1", None))
        self.assertEqual(sweep.status(failed=1).get("failedIndexes", ""), "")
        status = sweep.end_all()
        self.assertEqual((status["completedIndexes"], status["succeeded"]), (f"0-{RUNS - 1}", RUNS))
        self.assertTrue(condition({"status": status}, "Complete"))

    def test_the_last_allowed_failure_is_the_end_of_its_run(self):
        sweep = Sweep("limit")
        with open(os.path.join(sweep.folder, "size.yaml"), encoding="utf-8") as file:
            size = yaml.safe_load(file)
        size["spec"]["backoffLimitPerIndex"] = 1  # twenty take hours
        with open(os.path.join(sweep.folder, "size.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(size, file)
        sweep.start()
        first = sweep.pod(1)
        cluster.end(first, 1)
        cluster.end(sweep.pod(1, other_than=first), 1)
        sweep.status(failedIndexes="1", failed=2)

    def test_75_brings_a_new_pod_and_does_not_count(self):
        sweep = Sweep("code-75").start()
        pod = sweep.pod(2)
        for times in range(1, 3):  # a Job waits 10 s, then 20 s, and so on
            cluster.end(pod, 75)
            pod = sweep.pod(2, other_than=pod)
            self.assertEqual((annotation(pod, FAILURES), annotation(pod, IGNORED)), ("0", str(times)))
        status = sweep.job()["status"]
        self.assertEqual((status.get("failed", 0), status.get("failedIndexes", "")), (0, ""))
        self.assertEqual(sweep.end_all()["succeeded"], RUNS)


class Drained(unittest.TestCase):
    """A node is emptied while runs go on."""

    def tearDown(self):
        for node in ("node-1", "node-2"):
            cluster.kubectl("uncordon", node)

    def test_the_budget_lets_one_run_go_at_a_time(self):
        sweep = Sweep("evicted").start()
        wait_for("the budget knows the pods", lambda: sweep.budget()["status"].get("disruptionsAllowed") == 1)
        first, second = sweep.pod(0), sweep.pod(1)
        cluster.evict(first)
        with self.assertRaises(Refused) as refused:
            cluster.evict(second)
        self.assertEqual(refused.exception.code, 429)
        self.assertIn("disruption budget", str(refused.exception))
        # The kubelet killed it, as after the grace period: only its condition says that this is no failure.
        going = cluster.get(path_of(first))
        self.assertTrue(condition(going, "DisruptionTarget"))
        cluster.end(going, 137)
        new = sweep.pod(0, other_than=first)
        self.assertEqual((annotation(new, FAILURES), annotation(new, IGNORED)), ("0", "1"))
        wait_for("the budget lets the next one go", lambda: sweep.budget()["status"]["disruptionsAllowed"] == 1)
        cluster.evict(second)
        cluster.end(cluster.get(path_of(second)), 137)
        sweep.pod(1, other_than=second)
        self.assertEqual(sweep.job()["status"].get("failed", 0), 0)
        self.assertEqual(sweep.end_all()["succeeded"], RUNS)

    def test_the_last_runs_keep_their_node_until_the_budget_is_deleted(self):
        sweep = Sweep("last").start()
        for index in range(RUNS - AT_ONCE + 1):
            cluster.end(sweep.pod(index), 0)
        last = sweep.running(AT_ONCE - 1)
        wait_for("the budget knows the rest", lambda: sweep.budget()["status"]["currentHealthy"] == AT_ONCE - 1)
        with self.assertRaises(Refused) as refused:
            cluster.evict(last[0])
        self.assertEqual(refused.exception.code, 429)
        done = cluster.kubectl("delete", "pdb", "nmn-sweep", f"--namespace={sweep.name}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        cluster.evict(last[0])

    def test_kubectl_drain_empties_a_node(self):
        sweep = Sweep("drained").start()
        wait_for("the budget knows the pods", lambda: sweep.budget()["status"].get("disruptionsAllowed") == 1)
        at = {node: [pod for pod in sweep.live() if pod["spec"]["nodeName"] == node] for node in ("node-1", "node-2")}
        node = max(at, key=lambda name: len(at[name]))
        self.assertGreaterEqual(len(at[node]), 2)  # so that one must wait for another
        uid = sweep.job()["metadata"]["uid"]  # other tests' pods stay
        result = []
        drain = threading.Thread(target=lambda: result.append(
            cluster.kubectl("drain", node, f"--pod-selector=batch.kubernetes.io/controller-uid={uid}", "--delete-emptydir-data", "--timeout=250s")))
        drain.start()
        least = AT_ONCE
        while drain.is_alive():
            least = min(least, len(sweep.live()))
            for pod in sweep.pods():
                if "deletionTimestamp" in pod["metadata"] and pod["status"]["phase"] == "Running":
                    cluster.end(pod, 75)  # a learner on SIGTERM
            drain.join(0.2)
        self.assertEqual(result[0].returncode, 0, result[0].stderr)
        self.assertIn("violate the pod's disruption budget", result[0].stderr)
        self.assertGreaterEqual(least, AT_ONCE - 1)
        self.assertEqual([pod["metadata"]["name"] for pod in sweep.live() if pod["spec"]["nodeName"] == node], [])
        self.assertEqual(sweep.job()["status"].get("failed", 0), 0)
        self.assertEqual(sweep.end_all()["succeeded"], RUNS)


class Again(unittest.TestCase):
    """A Job that is deleted and applied again."""

    def test_goes_on_with_the_same_claim(self):
        sweep = Sweep("again").start()
        claim = cluster.get(sweep.api + "/persistentvolumeclaims/nmn-sweep-runs")
        old = {pod["metadata"]["uid"] for pod in sweep.live()}
        done = cluster.kubectl("delete", "job", "nmn-sweep", f"--namespace={sweep.name}", "--wait=false")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

        def gone():
            for pod in sweep.pods():
                if "deletionTimestamp" in pod["metadata"] and pod["status"]["phase"] == "Running":
                    cluster.end(pod, 75)
            return not sweep.pods()
        wait_for("the old pods are gone", gone)
        sweep.start()
        pods = sweep.live()
        self.assertFalse(old & {pod["metadata"]["uid"] for pod in pods})
        self.assertEqual(sorted(annotation(pod, INDEX) for pod in pods), [str(index) for index in range(AT_ONCE)])
        self.assertEqual(cluster.get(sweep.api + "/persistentvolumeclaims/nmn-sweep-runs")["metadata"]["uid"], claim["metadata"]["uid"])
        for pod in pods:
            learner = pod["spec"]["containers"][0]
            self.assertEqual(learner["command"], ["/bin/sh", "/sweep/run-learner.sh"])
            self.assertIn({"name": "runs", "persistentVolumeClaim": {"claimName": "nmn-sweep-runs"}}, pod["spec"]["volumes"])
        self.assertIn("--resume", cluster.get(sweep.api + "/configmaps/nmn-sweep")["data"]["run-learner.sh"])
        self.assertEqual(sweep.end_all()["succeeded"], RUNS)

    def test_a_large_sweep_needs_the_server_side(self):
        # Applied by the client alone, its configs would be kept a second time in an annotation, which may have 256 KiB.
        sweep = Sweep("large", runs=240)
        by_client = cluster.kubectl("apply", f"--namespace={sweep.name}", "-k", sweep.folder)
        self.assertNotEqual(by_client.returncode, 0)
        self.assertIn("metadata.annotations: Too long", by_client.stderr)
        cluster.kubectl("delete", "job", "nmn-sweep", f"--namespace={sweep.name}", "--wait=false")
        done = Sweep("large-2", runs=240).apply()
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Run(unittest.TestCase):
    """One pod's own command, volumes, user and probes, with the programs of BIN."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make a container's file system")
        if subprocess.run(["unshare", "--mount", "--net", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("this machine lets nobody make namespaces")

    def play(self, sweep, pod):
        place = tempfile.mkdtemp(prefix="pod.", dir=folder)
        os.chmod(folder, 0o755)
        os.chmod(place, 0o755)
        run = PodRun(pod, cluster.get(sweep.api + "/configmaps/nmn-sweep"), os.path.join(folder, f"claim-{sweep.name}"), place, programs)
        self.addCleanup(run.stop)
        run.start()
        return run

    def test_a_run_that_is_stopped_goes_on_in_a_new_pod(self):
        sweep = Sweep("run", updates=300).start()
        pod = sweep.pod(0)
        run = self.play(sweep, pod)
        run.started()
        wait_for("the learner is ready", lambda: run.probe("learner", "readinessProbe"))
        wait_for("the actor lives", lambda: run.probe("actor", "livenessProbe"))
        metrics = os.path.join(run.claim, "b1-nmn-s1", "metrics.jsonl")
        wait_for("the first update", lambda: run.processes["learner"].poll() is None and os.path.exists(metrics) and os.path.getsize(metrics))
        code = run.terminate()
        self.assertEqual(code, 75, run.log("learner"))
        self.assertFalse(run.probe("learner", "readinessProbe"))
        with open(metrics, encoding="utf-8") as file:
            before = file.read()
        self.assertLess(before.count("\n"), 300)
        cluster.end(pod, code)
        again = sweep.pod(0, other_than=pod)
        self.assertEqual((annotation(again, FAILURES), annotation(again, IGNORED)), ("0", "1"))
        run = self.play(sweep, again)
        code = run.wait(300)
        self.assertEqual(code, 0, run.log("learner"))
        with open(metrics, encoding="utf-8") as file:
            after = file.read()
        self.assertTrue(after.startswith(before))
        self.assertEqual([json.loads(line)["update"] for line in after.splitlines()], list(range(1, 301)))
        cluster.end(again, code)
        self.assertEqual(sweep.status(succeeded=1, completedIndexes="0").get("failed", 0), 0)

    def test_a_config_that_is_wrong_fails_its_run_at_once(self):
        sweep = Sweep("wrong")
        with open(os.path.join(sweep.folder, "configs.yaml"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(sweep.folder, "configs.yaml"), "w", encoding="utf-8") as file:
            file.write(text.replace("discount: 0.998", "discount: 1.998", 1))  # of the first run
        sweep.start()
        pod = sweep.pod(0)
        run = self.play(sweep, pod)
        code = run.wait(120)
        self.assertEqual(code, 42)
        self.assertIn("ppo.discount", run.log("learner"))
        cluster.end(pod, code)
        sweep.status(failedIndexes="0", failed=1)


class Monitored(unittest.TestCase):
    """deploy/kubernetes/monitoring beside a sweep, with the Prometheus operator's custom resource definitions."""

    PATH = os.path.join(ROOT, "deploy/kubernetes/monitoring")

    @classmethod
    def setUpClass(cls):
        crds = kubernetes_programs.operator_crds()
        for plural in ("podmonitors", "prometheusrules"):
            done = cluster.kubectl("apply", "--server-side", "-f", os.path.join(crds, f"monitoring.coreos.com_{plural}.yaml"))
            if done.returncode != 0:
                raise AssertionError(done.stderr)
            wait_for(f"{plural} are known", lambda plural=plural: condition(
                cluster.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.monitoring.coreos.com"), "Established"))
        cls.sweep = Sweep("monitored").start()
        cls.first = cls.sweep.apply(of=cls.PATH)
        cls.api = f"/apis/monitoring.coreos.com/v1/namespaces/{cls.sweep.name}"

    def built(self):
        return list(yaml.safe_load_all(cluster.kubectl("kustomize", self.PATH).stdout))

    def test_is_applied_without_a_warning_and_stored_as_written(self):
        self.assertEqual((self.first.returncode, self.first.stderr), (0, ""))
        paths = {"PodMonitor": self.api + "/podmonitors/", "PrometheusRule": self.api + "/prometheusrules/", "ConfigMap": self.sweep.api + "/configmaps/"}
        for ours in self.built():
            self.assertEqual(differences(ours, cluster.get(paths[ours["kind"]] + ours["metadata"]["name"])), [], ours["metadata"]["name"])

    def test_the_sidecar_finds_every_dashboard(self):
        found = cluster.get(self.sweep.api + "/configmaps?labelSelector=grafana_dashboard%3D1")["items"]
        self.assertEqual(sorted(name for one in found for name in one["data"]), sorted(os.listdir(os.path.join(ROOT, "deploy/grafana/dashboards"))))

    def test_the_monitor_selects_the_pods_and_their_ports(self):
        spec = cluster.get(self.api + "/podmonitors/nmn")["spec"]
        selector = "%2C".join(f"{key}%3D{value}" for key, value in spec["selector"]["matchLabels"].items())
        pods = cluster.get(f"{self.sweep.api}/pods?labelSelector={selector}")["items"]
        self.assertEqual(len(pods), AT_ONCE)
        for pod in pods:
            ports = {port["name"] for one in pod["spec"]["initContainers"] + pod["spec"]["containers"] for port in one["ports"]}
            self.assertEqual({endpoint["port"] for endpoint in spec["podMetricsEndpoints"]}, ports)

    def test_a_planted_error_is_refused(self):
        for kind, edit in (("PodMonitor", lambda spec: spec["podMetricsEndpoints"][0].update(interval="often")),
                           ("PodMonitor", lambda spec: spec["podMetricsEndpoints"][0].update(every="5s")),
                           ("PrometheusRule", lambda spec: spec["groups"][0]["rules"][0].pop("expr"))):
            broken = next(thing for thing in self.built() if thing["kind"] == kind)
            broken["metadata"]["name"] = "planted"
            edit(broken["spec"])
            done = cluster.kubectl("apply", "--server-side", "--validate=strict", f"--namespace={self.sweep.name}", "-f", "-", input=yaml.safe_dump(broken))
            self.assertNotEqual(done.returncode, 0, done.stdout)


def main():
    global cluster, programs, folder  # pylint: disable=global-statement
    programs = os.path.realpath(sys.argv.pop(1))
    folder = tempfile.mkdtemp(prefix="nmn-kubernetes.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        cluster = Cluster(folder)
        cluster.start()
        result = unittest.main(exit=False, verbosity=2).result
        cluster.alive()
        return 0 if result.wasSuccessful() and result.testsRun else 1
    except kubernetes_programs.Missing as missing:
        print(f"\n==== SKIPPED: {missing} ====\n", file=sys.stderr)
        return 77
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if cluster:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
