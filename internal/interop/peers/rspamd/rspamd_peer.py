"""Runs a private rspamd on loopback, with a configuration of its own.

Needs Debian's rspamd package.  Nothing of /etc/rspamd is read, no DNS server is
asked: the daemon knows only the records that it is given.
"""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

CONFIG = """
options {
  filters = "dkim";
  pidfile = "%(dir)s/pid";
  tempdir = "%(dir)s";
  control_socket = "%(dir)s/control.sock mode=0600";
  hs_cache_dir = "%(dir)s";
  url_tld = "%(dir)s/tld";
  allow_raw_input = true;
  dns {
    nameserver = ["127.0.0.1:1:1"];
    timeout = 0.2s;
    retransmits = 1;
    fake_records = %(records)s;
  }
}
logging { type = "file"; filename = "%(dir)s/log"; level = "info"; }
worker "normal" { bind_socket = "127.0.0.1:%(port)d"; count = 1; }
lua = "%(dir)s/rules.lua";
modules { path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }
lang_detection { languages_enabled = ["en"]; }
group "dkim" {
  symbols {
    R_DKIM_ALLOW { weight = 0; }
    R_DKIM_REJECT { weight = 0; }
    R_DKIM_TEMPFAIL { weight = 0; }
    R_DKIM_PERMFAIL { weight = 0; }
    R_DKIM_NA { weight = 0; }
  }
}
actions { reject = 1000; }
dkim {
  check_local = true;
  check_authed = true;
}
%(extra)s
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ucl_heredoc(text):
    return "<<EOD\n%s\nEOD\n" % text


def key_names(msg):
    """Names of the key records that the message's signatures ask for."""
    head = re.split(rb"\r?\n\r?\n", msg, maxsplit=1)[0]
    head = re.sub(rb"\r?\n[ \t]+", b" ", head)
    names = set()
    for value in re.findall(rb"(?im)^dkim-signature\s*:(.*)$", head):
        tags = {}
        for tag in value.decode("latin-1").split(";"):
            name, _, text = tag.partition("=")
            tags[name.strip()] = re.sub(r"\s", "", text)
        if tags.get("s") and tags.get("d"):
            names.add("%s._domainkey.%s" % (tags["s"], tags["d"]))
    return names


class Daemon:
    """A running rspamd; to be used in a with statement.

    zone is {FQDN: TXT}; extra is more configuration.
    """

    def __init__(self, zone=None, extra=""):
        self.extra = extra
        self.records = {
            name.lower().rstrip("."): {"name": name.rstrip("."), "type": "txt", "rcode": "noerror", "replies": [txt]}
            for name, txt in (zone or {}).items()
        }

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        self.tmp = tempfile.TemporaryDirectory(prefix="rspamd-peer-")
        d = self.tmp.name
        self.port = free_port()
        with open(os.path.join(d, "rules.lua"), "w") as f:
            f.write("-- no rules\n")
        # Compiling the public suffix list would take ten seconds.
        with open(os.path.join(d, "tld"), "w") as f:
            f.write("com\nnet\norg\n")
        with open(os.path.join(d, "rspamd.conf"), "w") as f:
            records = json.dumps(list(self.records.values()))
            f.write(CONFIG % {"dir": d, "port": self.port, "records": records, "extra": self.extra})
        argv = ["rspamd", "-f", "-c", os.path.join(d, "rspamd.conf")]
        if os.geteuid() == 0:
            # The daemon gives up root, so that the user it becomes needs this folder.
            shutil.chown(d, "_rspamd", "_rspamd")
            argv += ["-u", "_rspamd", "-g", "_rspamd"]
        self.proc = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def stop(self):
        self.proc.terminate()
        self.proc.wait()
        self.tmp.cleanup()

    def wait(self):
        """Waits until the daemon answers."""
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if self.proc.poll() is not None:
                    break
                time.sleep(0.1)
        try:
            with open(os.path.join(self.tmp.name, "log")) as f:
                why = f.read()[-2000:]
        except OSError:
            why = "no log"
        raise RuntimeError("rspamd did not start:\n" + why)

    def scan(self, msg):
        """Returns rspamd's JSON reply for msg (bytes)."""
        # A name that is not in the records would be asked of a server: it is
        # made to be none, which takes a new daemon.
        unknown = {name.lower() for name in key_names(msg)} - self.records.keys()
        if unknown:
            for name in unknown:
                self.records[name] = {"name": name, "type": "txt", "rcode": "nxdomain"}
            self.stop()
            self.start()
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            conn.connect()
        except ConnectionRefusedError:  # it starts its workers anew
            self.wait()
        conn.request("POST", "/checkv2", body=msg, headers={"IP": "127.0.0.1", "User": "peer"})
        try:
            return json.loads(conn.getresponse().read())
        finally:
            conn.close()
