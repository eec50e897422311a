"""The maildrops that all servers serve: the same files, all seen already, so that nobody has flags to write.

u1 … u16      200 messages each: mean about 37 KB, median about 8 KB, a few of megabytes; 2 of 3 names tell their sizes
i1 … i400     one message each: for sessions that are held, and for storms; h1 … h100 too
sized         100 000 messages of 2.6 KB, `,S=,W=` in every name
unsized       the same without sizes in names
f20 … f5000   so many messages of 8 KB each, and `large`: 20 of 26 MB. For `bench/fetch`
"""

import os
import random

USERS = [f"u{number}" for number in range(1, 17)]
MESSAGES = 200
IDLE = [f"i{number}" for number in range(1, 401)]
BIG = ["sized", "unsized"]
HELD = [f"h{number}" for number in range(1, 101)]
FETCHED = {f"f{count}": count for count in (20, 100, 200, 1000, 5000)}
LARGE, LARGE_MESSAGES, LARGE_OCTETS = "large", 20, 26_200_000
EVERYBODY = USERS + IDLE + HELD + BIG + list(FETCHED) + [LARGE]

HEADER = """Return-Path: <sender{n}@example.net>
Received: from mail.example.net (mail.example.net [192.0.2.1])
\tby mx.example.org with ESMTPS; Thu, 26 Nov 2026 09:{minute:02}:{second:02} +0000
From: Sender {n} <sender{n}@example.net>
To: {user}@example.org
Subject: message {n} of {user}
Date: Thu, 26 Nov 2026 09:{minute:02}:{second:02} +0000
Message-ID: <{n}.{user}@example.net>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

"""
# 1 in 40 lines begins with a dot, as quoted code and lists do.
WORDS = ("the post came late that day and nobody had seen the rider who was to bring it over the hills "
         "before night fell on the town").split()


def make(folder, big, say):
    """Makes what is missing. A maildrop that is complete has a mark."""
    for user in USERS:
        maildrop(folder, user, MESSAGES, body_sizes(user), lambda n: n % 3 != 0)
    for user in IDLE + HELD:
        maildrop(folder, user, 1, iter(lambda: 2000, None), lambda n: True)
    for user, big_messages in zip(BIG, (big, big)):
        if not os.path.exists(mark(folder, user, big_messages)):
            say(f"making {big_messages} messages for {user}")
        maildrop(folder, user, big_messages, iter(lambda: 2100, None), lambda n, user=user: user == "sized")


def make_fetched(folder, user):
    """One of the maildrops for `bench/fetch`."""
    messages, octets = (LARGE_MESSAGES, LARGE_OCTETS) if user == LARGE else (FETCHED[user], 7600)
    maildrop(folder, user, messages, iter(lambda: octets, None), lambda n: True)


def mark(folder, user, messages):
    return os.path.join(folder, user, f"complete-{messages}")


def maildir(folder, user):
    return os.path.join(folder, user, "Maildir")


def body_sizes(user):
    """Log-normal with a median of 7 KB, and one of 75 large: the mean comes to some 37 KB."""
    draw = random.Random(user)
    while True:
        if draw.random() < 1 / 75:
            yield int(draw.uniform(0.3, 2.4) * 1_000_000)
        else:
            yield max(300, int(draw.lognormvariate(8.85, 1.25)))


def maildrop(folder, user, messages, sizes, is_sized):
    done = mark(folder, user, messages)
    if os.path.exists(done):
        return
    root = maildir(folder, user)
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    lines = body_lines(random.Random(user + " lines"))
    text = "".join(lines)
    for n in range(1, messages + 1):
        header = HEADER.format(n=n, user=user, minute=n // 60 % 60, second=n % 60)
        wanted = next(sizes)
        body = (text * (wanted // len(text) + 1))[:wanted].rsplit("\n", 1)[0] + "\n"
        octets = (header + body).encode()
        size = f",S={len(octets)},W={len(octets) + octets.count(b'%c' % 10)}" if is_sized(n) else ""
        name = f"{1_764_000_000 + n}.M{n:06}P1.mx.example.org{size}:2,S"
        with open(os.path.join(root, "cur", name), "wb") as file:
            file.write(octets)
    open(done, "w").close()


def body_lines(draw):
    lines = []
    for number in range(400):
        line = " ".join(draw.choice(WORDS) for _ in range(draw.randint(4, 15)))
        lines.append(("." if number % 40 == 7 else "") + line + "\n")
    return lines


def give_to(folder, uid):
    """All files to the user as whom a server reads them."""
    for root, _, files in os.walk(folder):
        os.chown(root, uid, uid)
        for name in files:
            os.lchown(os.path.join(root, name), uid, uid)


def forget_indexes(folder, user):
    """What servers keep in a Maildir beside the mail goes, so that the next session is the first one."""
    root = maildir(folder, user)
    for name in os.listdir(root):
        path = os.path.join(root, name)
        if os.path.isfile(path) and (name.startswith("dovecot") or name.startswith(".watchpost")):
            os.unlink(path)
