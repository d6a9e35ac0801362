#!/usr/bin/env python3
"""Loads `refrain serve` with queries, and ends it under load.

    eval/serve_load.py PROGRAM INDEX CLIP [--seconds 20] [--clients 200]

Prints how many queries a second are answered, the answers by status with many clients, how long /livez takes meanwhile, the
largest memory of the server, and how many requests were lost when it was asked to end. Each client sends its next query as soon as
it has the answer to the last one; after a 429 it waits as long as the server says.
"""
import argparse
import collections
import http.client
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time


class Server:
    def __init__(self, program, index, options=()):
        self.folder = tempfile.TemporaryDirectory()
        copy = pathlib.Path(self.folder.name) / "copy.refrain"
        shutil.copy(index, copy)
        command = [program, "serve", "--db", copy, "--port", "0", "--quiet", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip().removeprefix("http://").rstrip("/")

    def status(self, key):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1]) / 1024
        raise KeyError(key)

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100


class Client(threading.Thread):
    """Asks until `until`, or until the server ends."""

    def __init__(self, address, clip, path, until):
        super().__init__()
        self.address, self.clip, self.path, self.until = address, clip, path, until
        self.statuses = collections.Counter()
        self.sent_at = None
        self.lost = []

    def run(self):
        connection = None
        while time.monotonic() < self.until:
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(self.address, timeout=60)
                    connection.connect()
            except OSError:
                self.statuses["refused"] += 1
                return
            # As browsers do: the server may close a connection that nothing is sent on.
            if select.select([connection.sock], [], [], 0)[0]:
                connection.close()
                connection = None
                continue
            sent = None
            try:
                connection.request("POST", self.path, self.clip)
                sent = time.monotonic()
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.statuses[type(error).__name__] += 1
                self.lost.append(sent)
                return
            self.statuses[answer.status] += 1
            if answer.status in (429, 503):
                time.sleep(float(answer.headers["Retry-After"]))
            if answer.headers.get("Connection") == "close":
                connection.close()
                connection = None


def livez(address, until, times):
    while time.monotonic() < until:
        began = time.monotonic()
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("GET", "/livez")
        connection.getresponse().read()
        connection.close()
        times.append(time.monotonic() - began)
        time.sleep(0.05)


def run(server, clip, clients, seconds, path):
    until = time.monotonic() + seconds
    times = []
    watch = threading.Thread(target=livez, args=(server.address, until, times))
    watch.start()
    began, cpu = time.monotonic(), server.cpu()
    threads = [Client(server.address, clip, path, until) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.monotonic() - began, server.cpu() - cpu
    watch.join()
    statuses = sum((thread.statuses for thread in threads), collections.Counter())
    times.sort()
    at = lambda share: 1e3 * times[min(len(times) - 1, int(share * len(times)))]
    found = statuses[200]
    print(
        f"{clients} clients, {took:.1f} s: {dict(statuses)}; {found / took:.1f} answers/s, {cpu / took:.2f} cores,"
        f" {1e3 * cpu / max(found, 1):.0f} ms of CPU an answer; /livez median {at(.5):.1f} ms, 99 % {at(.99):.1f} ms,"
        f" longest {at(1):.1f} ms; memory {server.status('VmRSS'):.0f} MiB, at most {server.status('VmHWM'):.0f} MiB"
    )


def end(server, clip, clients, path):
    until = time.monotonic() + 60
    threads = [Client(server.address, clip, path, until) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(5)
    asked = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    code = server.process.wait(60)
    lost = [sent for thread in threads for sent in thread.lost]
    print(
        f"SIGTERM with {clients} clients: exit status {code} after {time.monotonic() - asked:.1f} s,"
        f" {sum(1 for sent in lost if sent is not None)} requests lost that were sent,"
        f" {sum(1 for sent in lost if sent is None)} connections ended before a request was whole"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("index", type=pathlib.Path)
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--path", default="/api/v1/query")
    args = parser.parse_args()
    clip = args.clip.read_bytes()
    server = Server(args.program, args.index)
    try:
        for clients in (1, 4, args.clients):
            run(server, clip, clients, args.seconds, args.path)
        end(server, clip, args.clients, args.path)
    finally:
        server.process.kill()


if __name__ == "__main__":
    main()
