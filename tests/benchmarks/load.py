"""A load of requests on loopback over lasting connections, as many a second as a server answers."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

HOST = "127.0.0.1"
CONNECTIONS = 8


class Connection:
    """One lasting connection that asks the same thing again and again."""

    def __init__(self, port: int, path: str, headers: dict[str, str]):
        self.socket = socket.create_connection((HOST, port), timeout=30)
        lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
        self.request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.buffer = b""

    def ask(self) -> tuple[int, bytes, bytes]:
        """Return status, headers and body of the answer."""
        self.socket.sendall(self.request)
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, _end, self.buffer = self.buffer.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        while len(self.buffer) < length:
            self._receive()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(head[9:12]), head, body

    def _receive(self) -> None:
        received = self.socket.recv(262_144)
        assert received, "the server has hung up"
        self.buffer += received


def requests_a_second(port: int, path: str, headers: dict[str, str], *, status: int = 200, seconds: float = 4) -> float:
    """Ask the same over several connections for some seconds, and return how many answers came a second."""
    counts, end = [0] * CONNECTIONS, time.perf_counter() + seconds

    def ask(place: int) -> None:
        connection = Connection(port, path, headers)
        while time.perf_counter() < end:
            answered, head, body = connection.ask()
            assert answered == status, (answered, head, body[:500])
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=[place]) for place in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


@contextmanager
def serving(application: str, port: int, environment: dict[str, str]):
    """Serve a WSGI application as the README serves the registry: two workers of four threads."""
    command = [sys.executable, "-m", "gunicorn", application, f"--bind={HOST}:{port}", "--worker-class=gthread"]
    command += ["--workers=2", "--threads=4", "--no-control-socket", "--log-level=error", "--keep-alive=60"]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        for _attempt in range(200):
            try:
                socket.create_connection((HOST, port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)
