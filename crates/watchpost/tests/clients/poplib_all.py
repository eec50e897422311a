"""Retrieves every message with poplib and writes it octet for octet: poplib_all.py TRANSPORT HOST PORT USER FOLDER.

The password comes on standard input. Prints STAT, LIST and UIDL as JSON.
"""
import json
import poplib
import ssl
import sys

poplib._MAXLINE = 1 << 24

transport, host, port, user, folder = sys.argv[1:]
password = sys.stdin.readline().rstrip("\n")
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if transport == "pop3s":
    session = poplib.POP3_SSL(host, int(port), context=context, timeout=60)
else:
    session = poplib.POP3(host, int(port), timeout=60)
    if transport == "stls":
        session.stls(context=context)
session.user(user)
session.pass_(password)
count, octets = session.stat()
sizes = [line.decode().split() for line in session.list()[1]]
uids = [line.decode().split() for line in session.uidl()[1]]
assert [int(number) for number, _ in sizes] == list(range(1, count + 1)), "LIST numbers"
assert [int(number) for number, _ in uids] == list(range(1, count + 1)), "UIDL numbers"
received = 0
for number, size in sizes:
    lines = session.retr(int(number))[1]
    message = b"".join(line + b"\r\n" for line in lines)
    assert len(message) == int(size), f"message {number}: LIST says {size}, {len(message)} came"
    received += len(message)
    with open(f"{folder}/{number}", "wb") as file:
        file.write(message)
session.quit()
print(json.dumps({"count": count, "octets": octets, "received": received, "listed": sum(int(s) for _, s in sizes),
                  "uids": [uid for _, uid in uids]}))
