#!/usr/bin/env python3
"""A path with a round trip: passes octets on half a round trip after they came, both ways.

    bench/delay.py 127.0.0.1:PORT MILLISECONDS        prints the port it listens on, then serves until it is ended

Each piece has a time of its own, so that a stream keeps its rate and only its age changes. A connection that was
accepted reaches the server one and a half round trips later, as the last segment of TCP's handshake would. There is no
loss, no slow start and no limit of bandwidth; `probe` says how much the path itself can carry.
"""

import asyncio
import collections
import os
import socket
import sys
import threading
import time

PIECE = 256 * 1024


class Way(asyncio.Protocol):
    """One direction: what comes in here goes out at `other` later."""

    def __init__(self, loop, delay, not_before=0.0):
        self.loop, self.delay, self.not_before = loop, delay, not_before
        self.other = self.transport = None
        self.waiting = collections.deque()
        self.timer = None

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.later(data)

    def eof_received(self):
        self.later(None)
        return True

    def connection_lost(self, _):
        if self.other and self.other.transport:
            self.later(None)

    def later(self, data):
        due = max(self.loop.time() + self.delay, self.not_before)
        self.waiting.append((due, data))
        if self.timer is None:
            self.timer = self.loop.call_at(due, self.pass_on)

    def pass_on(self):
        self.timer = None
        out = self.other and self.other.transport
        if out is None:
            # The server has not taken the connection yet: what came first waits for it.
            if not self.transport.is_closing():
                self.timer = self.loop.call_later(0.001, self.pass_on)
            return
        # A millisecond is what timers of the loop can tell apart.
        now = self.loop.time() + 0.0005
        while self.waiting and self.waiting[0][0] <= now:
            _, data = self.waiting.popleft()
            if out.is_closing():
                continue
            if data is None:
                out.close()
            else:
                out.write(data)
        if self.waiting:
            self.timer = self.loop.call_at(self.waiting[0][0], self.pass_on)


async def serve(host, port, round_trip, told):
    loop = asyncio.get_running_loop()

    class Accepted(Way):
        def connection_made(self, transport):
            super().connection_made(transport)
            self.not_before = loop.time() + 1.5 * round_trip
            loop.call_at(self.not_before - 0.002, lambda: loop.create_task(self.reach()))

        async def reach(self):
            back = Way(loop, round_trip / 2)
            back.other = self
            try:
                await loop.create_connection(lambda: back, host, port)
            except OSError:
                self.transport.close()
                return
            self.other = back

    server = await loop.create_server(lambda: Accepted(loop, round_trip / 2), "127.0.0.1", 0)
    told(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def probe(make_path, octets=64 << 20):
    """What a path carries: (milliseconds of a round trip, octets per second). `make_path`: from a port to its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def peer():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(1))
            connection.recv(1)
            piece, left = b"." * PIECE, octets
            while left > 0:
                connection.sendall(piece)
                left -= len(piece)

    thread = threading.Thread(target=peer, daemon=True)
    thread.start()
    with socket.create_connection(("127.0.0.1", make_path(listener.getsockname()[1])), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(30)
        time.sleep(0.2)  # The connection has reached its other end.
        begun = time.monotonic()
        client.sendall(b"?")
        client.recv(1)
        round_trip = time.monotonic() - begun
        client.sendall(b"!")
        begun, got, first = time.monotonic(), 0, None
        while True:
            piece = client.recv(PIECE)
            if not piece:
                break
            first = first or time.monotonic()
            got += len(piece)
        rate = got / max(1e-6, time.monotonic() - (first or begun))
    listener.close()
    return round_trip * 1000, rate


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    try:
        os.nice(-5)  # Whoever else is busy: the path must not be late.
    except PermissionError:
        pass
    try:
        asyncio.run(serve(host, int(port), float(sys.argv[2]) / 1000, lambda own: print(own, flush=True)))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
