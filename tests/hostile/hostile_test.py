#!/usr/bin/env python3
"""What a client that is none of ours can do to a learner over TLS: with no certificate, with a bad one, and with a good one in bad hands.

One learner stands all of it, and then trains with one honest actor. Its weights are those of a run that nobody attacked.

usage: hostile_test.py BIN
"""

import errno
import json
import os
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

try:
    import grpc
    import google.protobuf  # pylint: disable=unused-import
except ImportError:
    print("SKIPPED: python3-grpcio and python3-protobuf are missing (deploy/debian-python-packages.txt)")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
UPDATES = 3
HALF_HANDSHAKES = 200
# A record that says it has 512 bytes of a ClientHello, and has six.
HALF_CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
PATIENCE = 20  # seconds for what takes less than one
MOST_GROWTH = 128 << 20  # bytes of the learner's memory, for all attacks together


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Attacks(unittest.TestCase):
    """The tests run in the order of their names; the last one trains."""

    programs = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="nmn-hostile-")  # pylint: disable=consider-using-with
        cls.path = cls.folder.name
        run("protoc", f"--python_out={cls.path}", f"-I{ROOT}/proto", *(f"nmn/v1/{name}.proto" for name in ("task", "run_config", "learner")))
        sys.path.insert(0, cls.path)
        from nmn.v1 import learner_pb2  # pylint: disable=import-outside-toplevel

        cls.pb = learner_pb2
        for kind in ("--learner=localhost", "--actor=a", "--actor=lost", "--actor=honest", "--operator=ann"):
            if not os.path.exists(f"{cls.path}/certs"):
                cls.nmn("certs", "init", f"{cls.path}/certs")
            cls.nmn("certs", "issue", f"{cls.path}/certs", kind)
        cls.config = f"{cls.path}/b1.textproto"
        with open(cls.config, "w", encoding="utf-8") as file:
            file.write(cls.nmn("train", "--benchmark=b1", "--preset=fast", "--seed=1", f"--updates={UPDATES}", "--print_config"))
        cls.revoked = f"{cls.path}/revoked.txt"
        with open(cls.revoked, "w", encoding="utf-8"):
            pass
        cls.log_path = f"{cls.path}/learner.log"
        with open(cls.log_path, "w", encoding="utf-8") as log:
            cls.learner = subprocess.Popen(  # pylint: disable=consider-using-with
                [f"{cls.programs}/nmn-learner", f"--config={cls.config}", "--listen=127.0.0.1:0", "--metrics=127.0.0.1:0",
                 f"--tls={cls.path}/certs/learner-localhost", f"--tls_revoked={cls.revoked}", f"--run_dir={cls.path}/run"],
                stdout=log, stderr=log)
        cls.port = int(cls.wait_for_log(r"serving on 127\.0\.0\.1:(\d+)").group(1))
        cls.memory = cls.learner_memory()

    @classmethod
    def tearDownClass(cls):
        cls.learner.kill()
        cls.learner.wait()
        cls.folder.cleanup()

    @classmethod
    def nmn(cls, *arguments):
        return run(f"{cls.programs}/nmn", *arguments)

    @classmethod
    def wait_for_log(cls, pattern):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(pattern, read(cls.log_path).decode())
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"the learner did not say {pattern}:\n{read(cls.log_path).decode()}")

    @classmethod
    def learner_memory(cls):
        with open(f"/proc/{cls.learner.pid}/status", encoding="utf-8") as file:
            return 1024 * int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def channel(self, holder=None, key=None):
        """`holder`: a folder of certs/, or a certificate's file with its `key`; None: nobody's."""
        folder = f"{self.path}/certs/{holder}"
        chain, private = (None, None) if holder is None else (read(f"{folder}/tls.crt"), read(f"{folder}/tls.key")) if key is None else (read(holder), read(key))
        credentials = grpc.ssl_channel_credentials(read(f"{self.path}/certs/ca.crt"), private, chain)
        # A connection of its own, as another machine would have.
        channel = grpc.secure_channel(f"localhost:{self.port}", credentials, [("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return channel

    def call(self, channel, method, request, response):
        return channel.unary_unary(f"/nmn.v1.LearnerService/{method}", type(request).SerializeToString, response.FromString)(
            request, timeout=PATIENCE)

    def status(self, channel):
        return self.call(channel, "GetStatus", self.pb.GetStatusRequest(), self.pb.GetStatusResponse)

    def build(self):
        return self.status(self.channel("operator-ann")).build

    def register(self, channel, actor, incarnation):
        return self.call(channel, "Register", self.pb.RegisterRequest(actor_id=actor, incarnation=incarnation, build=self.build()),
                         self.pb.RegisterResponse)

    def exchange(self, channel):
        """What is put into the queue is sent; None ends it."""
        outgoing = queue.Queue()
        answers = channel.stream_stream("/nmn.v1.LearnerService/Exchange", self.pb.ActorMessage.SerializeToString,
                                        self.pb.LearnerMessage.FromString)(iter(outgoing.get, None), timeout=PATIENCE)
        self.addCleanup(outgoing.put, None)
        return outgoing, answers

    def join(self, channel, actor, incarnation):
        known = self.register(channel, actor, incarnation)
        outgoing, answers = self.exchange(channel)
        hello = self.pb.Hello(run_id=known.run_id, generation=known.generation, actor_id=actor, incarnation=incarnation,
                              config_hash=known.config_hash)
        outgoing.put(self.pb.ActorMessage(sequence=1, hello=hello))
        return known, outgoing, answers

    def assert_refused(self, codes, call, words=""):
        with self.assertRaises(grpc.RpcError) as refusal:
            call()
        self.assertIn(refusal.exception.code(), codes, refusal.exception.details())
        self.assertIn(words, refusal.exception.details())

    def test_1_without_a_certificate_no_call_is_made(self):
        self.assert_refused({grpc.StatusCode.UNAVAILABLE}, lambda: self.status(self.channel()))
        self.wait_for_log("refused: a client has no certificate")

    def test_2_an_actor_is_no_other_actor(self):
        self.assert_refused({grpc.StatusCode.PERMISSION_DENIED}, lambda: self.register(self.channel("actor-a"), "honest", 1), "honest")
        self.assert_refused({grpc.StatusCode.PERMISSION_DENIED}, lambda: self.register(self.channel("operator-ann"), "a", 1))

    def test_3_half_handshakes_hold_nobody_up(self):
        crowd = []
        for _ in range(HALF_HANDSHAKES):
            peer = socket.create_connection(("127.0.0.1", self.port))
            peer.sendall(HALF_CLIENT_HELLO)
            crowd.append(peer)
        began = time.monotonic()
        self.assertTrue(self.status(self.channel("operator-ann")).run_id)
        self.assertLess(time.monotonic() - began, 5)
        for peer in crowd:
            peer.close()

    def test_4_old_tls_and_other_bytes_are_cut_off(self):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 4096, b"\x16\x03\x01\xff\xff" + b"\xff" * 70000):
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as peer:
                try:
                    peer.sendall(garbage)
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(4096):
                        pass
                except OSError as error:  # cut off before or after we said all
                    if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):
                        raise
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as peer, self.assertRaises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(peer)

    def starts(self, *command):
        """A process, and the file that gets all it says."""
        path = f"{self.path}/{len(os.listdir(self.path))}.out"
        with open(path, "wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out)  # pylint: disable=consider-using-with
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        return process, path

    def says(self, path, pattern, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, read(path), re.DOTALL)
            if found:
                return found
            time.sleep(0.05)
        return None

    def renegotiates(self, port, seconds):
        """Whether a server of TLS 1.2 goes through the handshake again because a client wants it."""
        actor = f"{self.path}/certs/actor-a"
        client, said = self.starts("openssl", "s_client", "-tls1_2", "-state", "-connect", f"127.0.0.1:{port}", "-alpn", "h2",
                                   "-cert", f"{actor}/tls.crt", "-key", f"{actor}/tls.key", "-CAfile", f"{actor}/ca.crt")
        self.assertTrue(self.says(said, rb"Secure Renegotiation IS supported.*Verify return code: 0 "), read(said))
        client.stdin.write(b"R\n")
        client.stdin.flush()
        self.assertTrue(self.says(said, b"RENEGOTIATING.*write client hello"), read(said))
        return self.says(said, b"RENEGOTIATING.*read server hello", seconds) is not None

    def test_4_renegotiation_is_not_answered(self):
        learner = f"{self.path}/certs/learner-localhost"
        _, said = self.starts("openssl", "s_server", "-tls1_2", "-client_renegotiation", "-accept", "127.0.0.1:0", "-alpn", "h2",
                              "-cert", f"{learner}/tls.crt", "-key", f"{learner}/tls.key", "-CAfile", f"{learner}/ca.crt", "-Verify", "1")
        willing = self.says(said, rb"ACCEPT 127\.0\.0\.1:(\d+)")
        self.assertTrue(self.renegotiates(int(willing.group(1)), PATIENCE), "a server that is willing is not seen to renegotiate")
        self.assertFalse(self.renegotiates(self.port, 2))
        self.assertTrue(self.status(self.channel("operator-ann")).run_id)

    def test_5_a_huge_certificate_is_refused(self):
        names = ",".join(f"DNS:{'x' * 50}{i}.example" for i in range(4000))
        with open(f"{self.path}/huge.ext", "w", encoding="utf-8") as file:
            file.write(f"subjectAltName=URI:nmn://actor/a,{names}\nextendedKeyUsage=clientAuth\n")
        key, request, certificate = (f"{self.path}/huge.{end}" for end in ("key", "csr", "crt"))
        quiet = {"stderr": subprocess.DEVNULL}
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=huge", **quiet)
        run("openssl", "x509", "-req", "-in", request, "-CA", f"{self.path}/certs/ca.crt", "-CAkey", f"{self.path}/certs/ca.key", "-CAcreateserial",
            "-extfile", f"{self.path}/huge.ext", "-out", certificate, **quiet)
        self.assert_refused({grpc.StatusCode.UNAVAILABLE}, lambda: self.status(self.channel(certificate, key)))

    def test_6_of_a_stolen_certificate_the_newer_process_wins_and_the_older_is_told(self):
        _, _, first = self.join(self.channel("actor-a"), "a", 1)
        next(first)  # weights: it is connected
        known, outgoing, second = self.join(self.channel("actor-a"), "a", 2)

        def until_it_ends():
            for _ in first:
                pass

        self.assert_refused({grpc.StatusCode.ABORTED}, until_it_ends, "a newer process runs as actor a")
        self.assert_refused({grpc.StatusCode.FAILED_PRECONDITION}, lambda: self.register(self.channel("actor-a"), "a", 1), "--actor_id")
        self.poison(known, outgoing, second)

    def poison(self, known, outgoing, answers):
        """Three malformed messages, and the sender is in quarantine."""
        pb = self.pb
        unit = pb.UnitId(update=1, first_episode=0, count=1)
        spoiled = [
            pb.Trajectory(run_id="another", generation=known.generation, unit=unit, policy_version=1, count=1),
            pb.Trajectory(run_id=known.run_id, generation=known.generation + 1, unit=unit, policy_version=1, count=1),
            pb.Trajectory(run_id=known.run_id, generation=known.generation, unit=unit, policy_version=9, count=1),
            pb.Trajectory(run_id=known.run_id, generation=known.generation, unit=pb.UnitId(update=1, first_episode=4294967295, count=4294967295),
                          policy_version=1, first_episode=4294967295, count=4294967295),
        ]
        expected = [pb.WRONG_RUN, pb.STALE_GENERATION, pb.STALE_POLICY, pb.UNKNOWN_UNIT]
        for sequence, trajectory in enumerate(spoiled, 2):
            outgoing.put(pb.ActorMessage(sequence=sequence, trajectory=trajectory))
        reasons = []
        for answer in answers:
            if answer.HasField("acknowledgement"):
                reasons.append(answer.acknowledgement.reason)
            if len(reasons) == len(expected):
                break
        self.assertEqual(reasons, expected)
        outgoing.put(pb.ActorMessage(sequence=99, heartbeat=pb.Heartbeat()))

        def until_it_ends():
            for _ in answers:
                pass

        self.assert_refused({grpc.StatusCode.INVALID_ARGUMENT}, until_it_ends, "message 99 after message 5")

    def test_7_a_lost_certificate_opens_no_new_call(self):
        channel = self.channel("actor-lost")
        self.assertTrue(self.status(channel).run_id)
        serial = re.search(r"serial[^0-9a-f]*([0-9a-f]{8,})", self.nmn("certs", "show", f"{self.path}/certs/actor-lost")).group(1)
        with open(self.revoked, "w", encoding="utf-8") as file:
            file.write(f"{serial}  # a laptop\n")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self.status(channel)
            except grpc.RpcError as refusal:
                self.assertIn(refusal.code(), {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})
                self.assertIn("revoked", refusal.details())
                return
            time.sleep(0.1)
        self.fail("it was never refused")

    def test_8_the_run_is_what_it_would_have_been(self):
        self.assertLess(self.learner_memory() - self.memory, MOST_GROWTH)
        run(f"{self.programs}/nmn-actor", f"--learner=localhost:{self.port}", "--metrics=127.0.0.1:0", f"--tls={self.path}/certs/actor-honest",
            stderr=subprocess.DEVNULL)
        self.assertEqual(self.learner.wait(PATIENCE), 0)
        run(f"{self.programs}/nmn", "train", f"--config={self.config}", "--actors=1", f"--run_dir={self.path}/alone", stderr=subprocess.DEVNULL)
        hashes = {json.loads(read(f"{self.path}/{name}/summary.json"))["weights_sha256"] for name in ("run", "alone")}
        self.assertEqual(len(hashes), 1)


if __name__ == "__main__":
    Attacks.programs = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
