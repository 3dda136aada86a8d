"""Certificates of the tests' own, by the openssl program."""
import pathlib
import subprocess


class Authority:
    """Issues certificates as NAME.pem and NAME.key in a folder, beside its own ca.pem and ca.key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._make("ca", "Authority")

    def file(self, name):
        return str(self.folder / name)

    def issue(self, name, subject, *extensions):
        self._make(name, subject, "-CA", self.file("ca.pem"), "-CAkey", self.file("ca.key"),
                   *(word for each in (*extensions, "basicConstraints=critical,CA:FALSE")
                     for word in ("-addext", each)))

    def _make(self, name, subject, *options):
        subprocess.run(
            ["openssl", "req", "-x509", *options, "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={subject}",
             "-keyout", self.file(name + ".key"), "-out", self.file(name + ".pem")],
            check=True, stderr=subprocess.DEVNULL)
