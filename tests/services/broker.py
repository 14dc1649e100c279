"""Runs the servers of one test run, as a process of its own that outlives no test run.

pytest starts it and keeps the other end of its standard input: when pytest ends, however it ends, that closes and
the broker stops every server and removes their files. The workers of the run ask it over a socket, a line of JSON
each way, so that a server is started once, when the first test needs it, whichever worker runs that test.
"""

import json
import shutil
import signal
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from tests.services.find import Missing
from tests.services.parts import PARTS, Instance


class Broker:
    """The servers by name. A shared one is named like its part; others have a number after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.instances: dict[str, Instance] = {}
        self.lock = threading.Lock()
        self.starting = {name: threading.Lock() for name in PARTS}
        self.count = 0

    def do(self, verb: str, name: str) -> dict[str, Any]:
        match verb:
            case "share":
                with self.starting[name]:
                    return self._about(name) if name in self.instances else self._start(name, name)
            case "own":
                with self.lock:
                    self.count += 1
                    own = f"{name}-{self.count}"
                return self._start(own, name)
            case "start":
                self.instances[name].start()
            case "stop":
                self.instances[name].stop()
            case "kill":
                self.instances[name].stop(signal.SIGKILL)
            case "pause":
                self.instances[name].signal(signal.SIGSTOP)
            case "resume":
                self.instances[name].signal(signal.SIGCONT)
            case _:
                raise ValueError(f"no such verb: {verb}")
        return self._about(name)

    def _start(self, name: str, part: str) -> dict[str, Any]:
        instance = Instance(PARTS[part], self.folder / name)
        instance.prepare()
        instance.start()
        self.instances[name] = instance
        return self._about(name)

    def _about(self, name: str) -> dict[str, Any]:
        instance = self.instances[name]
        pid = instance.process.pid if instance.process else None
        return {"name": name, "pid": pid, "port": instance.port, **instance.part.address(instance.port)}

    def stop_all(self) -> None:
        for instance in self.instances.values():
            instance.stop()


def main(folder: Path) -> None:
    # Ctrl-C is for pytest; its end closes our standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    broker = Broker(folder)

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                try:
                    answer = broker.do(**json.loads(line))
                except Missing as missing:
                    answer = {"missing": str(missing)}
                except Exception as error:
                    answer = {"error": f"{type(error).__name__}: {error}"}
                self.wfile.write(json.dumps(answer).encode() + b"\n")

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    server = Server(str(folder / "broker.sock"), Conversation)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        sys.stdin.read()
    finally:
        server.shutdown()
        broker.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
