"""What Watchpost must reach, and the table that says whether it does.

The ratios to the floor and to Dovecot are taken within each repetition, and judged by their medians."""

import statistics

# name, what it is, unit, at most × the floor, at least 1/× of Dovecot, at most, at least
TARGETS = [
    ("login-plain", "login, plain", "ms", 2.0, 7, None, None),
    ("login-tls", "login, TLS", "ms", 1.35, 6, None, None),
    ("drain-plain", "RETR, plain", "ms/MB", 1.55, 2.2, None, None),
    ("drain-plain-32", "RETR, plain, 32 in flight", "ms/MB", 1.45, 2.5, None, None),
    ("drain-tls", "RETR, TLS", "ms/MB", 1.5, 5, None, None),
    ("drain-tls-32", "RETR, TLS, 32 in flight", "ms/MB", 1.5, 5, None, None),
    ("single-plain", "RETR, one connection, plain", "msg/s", None, None, None, 1000),
    ("single-tls", "RETR, one connection, TLS", "msg/s", None, None, None, 1000),
    ("calls-plain", "system calls per RETR, plain", "", None, None, 12, None),
    ("calls-tls", "system calls per RETR, TLS", "", None, None, 12, None),
    ("idle-plain", "idle, logged in, plain", "KB", None, 50, None, None),
    ("idle-tls", "idle, logged in, TLS", "KB", None, 25, None, None),
    ("idle-plain-before", "idle, before login, plain", "KB", None, None, None, None),
    ("idle-tls-before", "idle, before login, TLS", "KB", None, None, 20, None),
    ("big-warm", "100k messages, warm", "ms", None, 12, None, None),
    ("big-cold-sized", "100k messages, cold, W=", "ms", None, 2, None, None),
    ("big-cold-unsized", "100k messages, cold, no sizes", "ms", None, 1.5, None, None),
    # Good logins served within a second, beside wrong passwords against alone.
    ("storm-plain", "storm, {PLAIN}", "ratio", None, None, None, 0.98),
    ("storm-sha512-crypt", "storm, {SHA512-CRYPT}", "ratio", None, None, None, 0.98),
    ("storm-argon2id", "storm, {ARGON2ID}", "ratio", None, None, None, 0.95),
    ("flood", "storm, thousands a second", "ratio", None, None, None, 0.98),
]

# Shown below the table, judged by nobody: they move with the machine.
BESIDES = [
    ("login-plain-per-second", "logins per second, plain"),
    ("login-tls-per-second", "logins per second, TLS"),
    ("login-plain-p99", "login p99, plain, ms"),
    ("login-tls-p99", "login p99, TLS, ms"),
    ("drain-plain-us-per-message", "us of CPU per RETR, plain"),
    ("drain-plain-32-us-per-message", "us of CPU per RETR, plain, 32"),
    ("drain-tls-us-per-message", "us of CPU per RETR, TLS"),
    ("drain-tls-32-us-per-message", "us of CPU per RETR, TLS, 32"),
    ("drain-plain-mb-per-second", "MB per second, plain"),
    ("drain-plain-32-mb-per-second", "MB per second, plain, 32"),
    ("drain-tls-mb-per-second", "MB per second, TLS"),
    ("drain-tls-32-mb-per-second", "MB per second, TLS, 32"),
    ("big-warm-seconds", "100k warm, seconds"),
    ("big-cold-sized-seconds", "100k cold W=, seconds"),
    ("big-cold-unsized-seconds", "100k cold without, seconds"),
    ("hash-plain-ms", "first login {PLAIN}, ms"),
    ("hash-sha512-crypt-ms", "first login {SHA512-CRYPT}, ms"),
    ("hash-argon2id-ms", "first login {ARGON2ID}, ms"),
    ("storm-plain-p99-calm", "storm {PLAIN}: p99 calm, ms"),
    ("storm-plain-p99", "storm {PLAIN}: p99 storm, ms"),
    ("storm-plain-refusals-per-second", "storm {PLAIN}: refusals/s"),
    ("storm-sha512-crypt-p99-calm", "storm {SHA512-CRYPT}: p99 calm, ms"),
    ("storm-sha512-crypt-p99", "storm {SHA512-CRYPT}: p99 storm, ms"),
    ("storm-argon2id-rate", "storm {ARGON2ID}: logins/s offered"),
    ("storm-argon2id-p99-calm", "storm {ARGON2ID}: p99 calm, ms"),
    ("storm-argon2id-p99", "storm {ARGON2ID}: p99 storm, ms"),
]


def values(runs, server, name):
    """The figure of each repetition that has it."""
    found = [repetition[server].get(name) for repetition in runs if server in repetition]
    return [value for value in found if value is not None]


def median(runs, server, name):
    found = values(runs, server, name)
    return statistics.median(found) if found else None


def ratio(runs, above, below, name):
    """The median of the ratios within each repetition."""
    found = [more / less for more, less in pairs(runs, above, below, name) if less]
    return statistics.median(found) if found else None


def difference(runs, above, below, name):
    """The median of the differences within each repetition."""
    found = [more - less for more, less in pairs(runs, above, below, name)]
    return statistics.median(found) if found else None


def pairs(runs, above, below, name):
    found = [(repetition.get(above, {}).get(name), repetition.get(below, {}).get(name)) for repetition in runs]
    return [pair for pair in found if None not in pair]


def judge(runs):
    """A row per target: figures, ratios, and whether all that can be said of it is met."""
    rows = []
    for name, label, unit, floor_max, dovecot_min, at_most, at_least in TARGETS:
        figures = {server: median(runs, server, name) for server in ("floor", "dovecot", "watchpost")}
        if all(value is None for value in figures.values()):
            continue
        over_floor = ratio(runs, "watchpost", "floor", name)
        under_dovecot = ratio(runs, "dovecot", "watchpost", name)
        ours = figures["watchpost"]
        checks = [(over_floor, floor_max, lambda value, bar: value <= bar),
                  (under_dovecot, dovecot_min, lambda value, bar: value >= bar),
                  (ours, at_most, lambda value, bar: value <= bar),
                  (ours, at_least, lambda value, bar: value >= bar)]
        said = [met(value, bar) for value, bar, met in checks if value is not None and bar is not None]
        spread = values(runs, "watchpost", name)
        rows.append({"name": name, "label": label, "unit": unit, **figures, "over_floor": over_floor,
                     "over_floor_max": floor_max, "under_dovecot": under_dovecot, "under_dovecot_min": dovecot_min,
                     "at_most": at_most, "at_least": at_least,
                     "watchpost_range": [min(spread), max(spread)] if spread else None,
                     "verdict": None if not said else "PASS" if all(said) else "FAIL"})
    return rows


def number(value):
    if value is None:
        return "-"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 100 else 0
    return f"{value:.{digits}f}"


def table(rows, is_quiet):
    lines = [f"{'':32}{'floor':>9}{'Dovecot':>9}{'Watchpost':>10}  {'Watchpost range':16}  {'W/floor':>8} {'max':5}"
             f"{'D/W':>7} {'min':4}  {'':9}"]
    for row in rows:
        label = f"{row['label']}, {row['unit']}" if row["unit"] else row["label"]
        bar = (f"<= {row['at_most']}" if row["at_most"] is not None else
               f">= {row['at_least']}" if row["at_least"] is not None else "")
        spread = " .. ".join(number(value) for value in row["watchpost_range"] or [])
        judged = row["verdict"] or ""
        # On a busy machine only what noise cannot change is judged: counts, and answers.
        if not is_quiet and judged and not row["name"].startswith("calls"):
            judged = f"({judged.lower()})"
        lines.append(f"{label:32}{number(row['floor']):>9}{number(row['dovecot']):>9}{number(row['watchpost']):>10}  "
                     f"{spread:16}  {number(row['over_floor']):>8} {row['over_floor_max'] or '':<5}"
                     f"{number(row['under_dovecot']):>7} {row['under_dovecot_min'] or '':<4}  {bar:9} {judged}".rstrip())
    return "\n".join(lines)


def journal(runs):
    """What the journal costs: at most 10 % and 20 microseconds a session. A drained maildrop is one session."""
    return more(runs, "watchpost", "journalled", 1.10)


def captures(runs):
    """What it costs to keep what is said: at most 15 % beside the journal."""
    return more(runs, "journalled", "captured", 1.15)


# Microseconds of CPU that watching may cost a login beside its share.
LOGIN_MORE_MAX = 20


def more(runs, less, dearer, times_max):
    """What one way to serve costs beside another, and whether that is as little as it must be."""
    lines = []
    for name, label in (("turns-plain", "login, plain, ms"), ("turns-tls", "login, TLS, ms"),
                        ("drain-plain", "RETR, plain, ms/MB"), ("drain-plain-32", "RETR, plain, 32 in flight, ms/MB"),
                        ("drain-tls", "RETR, TLS, ms/MB"), ("drain-tls-32", "RETR, TLS, 32 in flight, ms/MB")):
        without, written = median(runs, less, name), median(runs, dearer, name)
        times = ratio(runs, dearer, less, name)
        if times is not None:
            more_us = difference(runs, dearer, less, name) * 1000 if name.startswith("turns") else None
            said = "PASS" if times <= times_max and (more_us or 0) <= LOGIN_MORE_MAX else "FAIL"
            shown = f"{more_us:+6.1f} us" if more_us is not None else ""
            lines.append(f"{label:32}{number(without):>10}{number(written):>10}  {times - 1:+7.1%}  {shown:10}  {said}")
    return "\n".join(lines)


# What somebody notices of a storm.
FLOOD = [("flood-login-p50", "login p50, ms"), ("flood-login-p99", "login p99, ms"),
         ("flood-retr-p50", "RETR p50, ms"), ("flood-retr-p99", "RETR p99, ms")]


def flood(runs):
    """Latencies of good logins and of mail, alone and beside a storm, without the journal and with it."""
    kinds = [kind for kind in ("watchpost", "journalled") if values(runs, kind, "flood")]
    lines = [f"{'beside a storm':24}" + "".join(f"{kind + ', ' + phase:>20}" for kind in kinds for phase in ("calm", "storm"))]
    for name, label in FLOOD:
        lines.append(f"{label:24}" + "".join(f"{number(median(runs, kind, f'{name}-{phase}')):>20}"
                                             for kind in kinds for phase in ("calm", "storm")))
    for name, label in (("flood", "good logins served"), ("flood-refusals-per-second", "refusals a second"),
                        ("flood-lost", "events lost")):
        lines.append(f"{label:24}" + "".join(f"{'':20}{number(median(runs, kind, name)):>20}" for kind in kinds))
    return "\n".join(lines)


def besides(runs):
    lines = []
    for name, label in BESIDES:
        figures = [median(runs, server, name) for server in ("floor", "dovecot", "watchpost")]
        if any(figure is not None for figure in figures):
            lines.append(f"{label:36}" + "".join(f"{number(figure):>10}" for figure in figures))
    return "\n".join(lines)
