"""One cell of the matrix with poplib: poplib_cell.py TRANSPORT LOGIN PORT CERTIFICATE OPERATION [FOLDER | NUMBER...].

The password comes on standard input. `list` prints NUMBER SIZE UNIQUE-ID a line, `fetch` writes FOLDER/NUMBER as it
came, `delete` marks the numbers and says QUIT.
"""
import poplib
import ssl
import sys

poplib._MAXLINE = 1 << 24

transport, login, port, certificate, operation, *rest = sys.argv[1:]
password = sys.stdin.readline().rstrip("\n")
assert login == "USER"
context = ssl.create_default_context(cafile=certificate)
if transport == "POP3S":
    session = poplib.POP3_SSL("127.0.0.1", int(port), context=context, timeout=60)
else:
    session = poplib.POP3("127.0.0.1", int(port), timeout=60)
    if transport == "STLS":
        session.stls(context=context)
try:
    session.user("alice")
    session.pass_(password)
except poplib.error_proto as refusal:
    sys.exit(f"refused: {refusal}")
count, octets = session.stat()
sizes = [line.decode().split() for line in session.list()[1]]
uids = [line.decode().split() for line in session.uidl()[1]]
assert [number for number, _ in sizes] == [number for number, _ in uids], "LIST and UIDL differ"
assert (count, octets) == (len(sizes), sum(int(size) for _, size in sizes)), "STAT and LIST differ"
if operation == "list":
    for (number, size), (_, uid) in zip(sizes, uids):
        print(number, size, uid)
elif operation == "fetch":
    for number, _ in sizes:
        with open(f"{rest[0]}/{number}", "wb") as file:
            file.write(b"".join(line + b"\r\n" for line in session.retr(int(number))[1]))
elif operation == "delete":
    for number in rest:
        session.dele(int(number))
session.quit()
