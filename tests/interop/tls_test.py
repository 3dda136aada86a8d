"""Real TLS clients against an endpoint over TLS: tls_test.py TLS_SERVER"""
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

try:
    import websocket  # Debian: python3-websocket
except ModuleNotFoundError:
    print("SKIPPED: no Python module websocket (Debian: python3-websocket)")
    sys.exit(77)
if not shutil.which("openssl"):
    print("SKIPPED: no openssl")
    sys.exit(77)

import certificates

SERVER = sys.argv.pop(1)
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        authority = certificates.Authority(cls.folder)
        cls.file, cls.issue = authority.file, authority.issue
        cls.issue("server", "first", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        cls.issue("client", "gauge 7")
        cls.server = subprocess.Popen(
            [SERVER, cls.file("server.pem"), cls.file("server.key"), cls.file("ca.pem")],
            stdout=subprocess.PIPE, text=True)
        cls.port = int(cls.server.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.stdout.close()
        assert cls.server.wait(30) == 0

    def s_client(self, *options):
        """The client's output for one request."""
        run = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-ign_eof",
             "-servername", "localhost", "-verify_hostname", "localhost", "-verify_return_error",
             "-CAfile", self.file("ca.pem"), *options],
            input=REQUEST, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return run.stdout.decode(errors="replace")

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.file("ca.pem"))
        if certificate:
            context.load_cert_chain(self.file(certificate + ".pem"), self.file(certificate + ".key"))
        return context

    def connect(self, path, certificate=None, scheme="https"):
        # Left alone, this client names an origin of http over TLS, too.
        connection = websocket.create_connection(
            f"wss://localhost:{self.port}{path}", timeout=30,
            origin=f"{scheme}://localhost:{self.port}",
            sslopt={"context": self.context(certificate)})
        self.addCleanup(connection.close)
        return connection

    def ask(self, path, text="", certificate=None):
        connection = self.connect(path, certificate)
        connection.send(text)
        return connection.recv()

    def test_s_client_trusts_the_server_and_gets_an_answer(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                output = self.s_client(version, "-alpn", "h2,http/1.1")
                self.assertIn("Verification: OK", output)
                self.assertIn("ALPN protocol: http/1.1", output)
                self.assertIn("HTTP/1.1 200", output)
                self.assertNotIn("unexpected eof", output)

    def test_s_client_is_refused_what_is_weak_or_foreign(self):
        for options, alert in {
            ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"): "alert protocol version",
            ("-tls1_2", "-cipher", "AES128-GCM-SHA256"): "alert handshake failure",
            ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"): "alert handshake failure",
            ("-alpn", "h2"): "alert no application protocol",
        }.items():
            with self.subTest(options):
                output = self.s_client(*options)
                self.assertIn(alert, output)
                self.assertNotIn("HTTP/1.1", output)

    def test_s_client_cannot_negotiate_again(self):
        run = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_2"],
            input=b"R\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertIn(b"no renegotiation", run.stdout)

    def test_a_page_of_another_scheme_is_another_origins(self):
        with self.assertRaises(websocket.WebSocketBadStatusException) as refused:
            self.connect("/echo", scheme="http")
        self.assertEqual(refused.exception.status_code, 403)

    def test_a_websocket_over_tls_echoes(self):
        connection = self.connect("/echo")
        for size in (0, 1, 125, 126, 16_384, 65_536, 1_000_000):
            text = "x" * size
            connection.send(text)
            self.assertEqual(connection.recv(), text)

    def test_a_client_is_known_by_its_certificate(self):
        self.assertEqual(self.ask("/who", certificate="client"), "CN=gauge 7")
        self.assertEqual(self.ask("/who"), "")

    def test_a_certificate_of_a_stranger_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=gauge 7",
                            "-keyout", key, "-out", certificate],
                           check=True, stderr=subprocess.DEVNULL)
            output = self.s_client("-cert", certificate, "-key", key)
        self.assertIn("alert unknown ca", output)
        self.assertNotIn("HTTP/1.1", output)

    def test_certificates_are_renewed_while_connections_go_on(self):
        def subject():
            return self.connect("/echo").sock.getpeercert()["subject"][0][0][1]

        old = self.connect("/echo")
        before = subject()
        self.issue("server", "second", "subjectAltName=DNS:localhost")
        self.assertEqual(subject(), before)
        self.assertEqual(self.ask("/reload"), "done")
        self.assertEqual(subject(), "second")
        (self.folder / "server.pem").write_text("half")
        self.assertNotEqual(self.ask("/reload"), "done")
        self.assertEqual(subject(), "second")
        old.send("still here")
        self.assertEqual(old.recv(), "still here")


if __name__ == "__main__":
    unittest.main()
