"""Runs Exim in a network namespace of its own.

Needs Debian's exim4-daemon-heavy (or -light) package, and root: Exim asks the
system's resolver, so the namespace has a loopback of its own, a DNS server on
127.0.0.1:53 that knows only the given records, and an /etc/resolv.conf that
points there.  Nothing of /etc/exim4 is read.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

EXIM = "/usr/sbin/exim4"
USER = "Debian-exim"

MAIN_CONFIG = """
exim_path = {exim}
spool_directory = {dir}/spool
log_file_path = {dir}/spool/%slog
primary_hostname = peer.test
qualify_domain = peer.test
keep_environment =
accept_8bitmime = true
message_size_limit = 100M
smtp_receive_timeout = 60s
"""


def in_namespace():
    """Runs the calling script again in fresh network and mount namespaces."""
    if os.environ.get("EXIM_PEER_NS") == "1":
        return
    os.environ["EXIM_PEER_NS"] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "--"] + [sys.executable] + sys.argv)


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        raw = label.encode()
        out += bytes([len(raw)]) + raw
    return out + b"\0"


def read_name(packet, at):
    labels = []
    while packet[at]:
        n = packet[at]
        labels.append(packet[at + 1 : at + 1 + n].decode("latin-1"))
        at += 1 + n
    return ".".join(labels), at + 1


def dns_reply(query, zone):
    """Answers one query: a TXT record from the zone, else NXDOMAIN."""
    name, end = read_name(query, 12)
    qtype = struct.unpack("!H", query[end : end + 2])[0]
    txt = zone.get(name.lower())
    rcode = 0 if txt is not None else 3
    answer = b""
    if txt is not None and qtype == 16:
        raw = txt.encode()
        rdata = b"".join(
            bytes([len(raw[i : i + 255])]) + raw[i : i + 255] for i in range(0, len(raw), 255)
        )
        answer = wire_name(name) + struct.pack("!HHIH", 16, 1, 60, len(rdata)) + rdata
    header = query[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, 1 if answer else 0, 0, 0)
    return header + query[12 : end + 4] + answer


def serve_dns(zone):
    zone = {k.lower().rstrip("."): v for k, v in zone.items()}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))

    def loop():
        while True:
            query, peer = sock.recvfrom(4096)
            sock.sendto(dns_reply(query, zone), peer)

    threading.Thread(target=loop, daemon=True).start()


class Sandbox:
    """A folder with Exim's configuration and spool; inside the namespace only."""

    def __init__(self, config, zone=None):
        self.config, self.zone = config, zone or {}

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="exim-peer-")
        spool = os.path.join(self.dir, "spool")
        os.mkdir(spool)
        shutil.chown(spool, USER, USER)
        os.chmod(self.dir, 0o755)
        resolv = os.path.join(self.dir, "resolv.conf")
        with open(resolv, "w") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "--bind", resolv, os.path.realpath("/etc/resolv.conf")], check=True)
        serve_dns(self.zone)
        self.conf = os.path.join(self.dir, "exim.conf")
        with open(self.conf, "w") as f:
            f.write(MAIN_CONFIG.format(exim=EXIM, dir=self.dir) + self.config)
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, *args, **kwargs):
        return subprocess.run([EXIM, "-C", self.conf] + list(args), **kwargs)

    def log(self):
        text = ""
        for name in ("mainlog", "paniclog"):
            try:
                with open(os.path.join(self.dir, "spool", name), errors="replace") as f:
                    text += f.read()
            except OSError:
                pass
        return text
