#!/usr/bin/env python3
"""A maildrop of very many very small messages that no disk has: to see what a listing costs a client.

    bench/lister.py MESSAGES        prints the port it listens on, then serves until it is ended

Any name and any password will do. Nothing is ever deleted.
"""

import socket
import sys
import threading

# As long as those of Dovecot and of many others.
UNIQUE_ID = "{:08x}5f3a91c7"


def message(number):
    return f"Subject: {number}\r\n\r\n{number}\r\n".encode()


def replies(command, messages):
    """What the server says to a line, in pieces."""
    verb, _, argument = command.partition(" ")
    verb = verb.upper()
    if verb == "CAPA":
        yield b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n"
    elif verb == "STAT":
        yield f"+OK {messages} {sum(len(message(number)) for number in (1, messages))}\r\n".encode()
    elif verb in ("LIST", "UIDL"):
        yield b"+OK\r\n"
        for start in range(1, messages + 1, 1000):
            numbers = range(start, min(start + 1000, messages + 1))
            shown = (lambda n: len(message(n))) if verb == "LIST" else UNIQUE_ID.format
            yield "".join(f"{number} {shown(number)}\r\n" for number in numbers).encode()
        yield b".\r\n"
    elif verb == "RETR":
        yield b"+OK\r\n" + message(int(argument)) + b".\r\n"
    else:
        yield b"+OK\r\n"


def session(connection, messages):
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"+OK\r\n")
        waiting = b""
        while True:
            piece = connection.recv(1 << 16)
            if not piece:
                return
            *lines, waiting = (waiting + piece).split(b"\r\n")
            said = []
            for line in lines:
                for reply in replies(line.decode(), messages):
                    said.append(reply)
                    if len(said) > 200:
                        connection.sendall(b"".join(said))
                        said = []
            connection.sendall(b"".join(said))
            if lines and lines[-1].upper() == b"QUIT":
                return


def main():
    messages = int(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=quietly, args=(connection, messages), daemon=True).start()


def quietly(connection, messages):
    try:
        session(connection, messages)
    except OSError:
        pass  # The client has gone.


if __name__ == "__main__":
    main()
