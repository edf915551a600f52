"""An issuer of certificates: pebble, with a resolver that finds every name on this machine."""

import json
import pathlib
import ssl
import subprocess
import urllib.request

from processes import listens, ports, start, until


class Issuer:
    def __init__(self, folder):
        directory, management, self.proofs, unused, names, control = ports(6)
        self.own = pathlib.Path(folder, "issuer.pem")
        key = pathlib.Path(folder, "issuer.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.own],
            check=True, capture_output=True,
        )
        settings = pathlib.Path(folder, "pebble.json")
        settings.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{directory}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(self.own), "privateKey": str(key),
            "httpPort": self.proofs, "tlsPort": unused, "certificateValidityPeriod": 90 * 86400,
        }}))
        log = open(pathlib.Path(folder, "pebble.log"), "w")
        start("pebble-challtestsrv", "-dns01", f"127.0.0.1:{names}",
              "-management", f"127.0.0.1:{control}", "-http01", "", "-https01", "",
              "-tlsalpn01", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
              stdout=log, stderr=log)
        start("pebble", "-config", settings, "-dnsserver", f"127.0.0.1:{names}",
              env={"PEBBLE_VA_NOSLEEP": "1"}, stdout=log, stderr=log)
        until("pebble listens", listens(directory))
        self.directory = f"https://localhost:{directory}/dir"
        self.roots = f"https://localhost:{management}/roots/0"

    def settings(self):
        return f"""
[tls]
acme = ["localhost"]
acme_directory = "{self.directory}"
redirect = "127.0.0.1:{self.proofs}"
"""

    def clients(self):
        """What clients trust who trust it alone."""
        trusted = ssl.create_default_context(cafile=self.own)
        with urllib.request.urlopen(self.roots, context=trusted) as answer:
            return ssl.create_default_context(cadata=answer.read().decode())
