"""What `watchpost fetch` must reach, and the tables that say whether it does.

Ratios are taken within each repetition and judged by their medians; who is measured less often is taken by medians."""

import statistics

# trial, figure, who else, what the other's figure must be at least, in ours
RATIOS = [
    ("rtt", "wall", "mpop", 4), ("rtt", "wall", "curl", 100), ("durable", "wall", "mpop", 3),
    ("loopback", "wall", "mpop", 1), ("loopback", "cpu_ms", "mpop", 1), ("large", "wall", "curl", 1),
]
# trial, figure, at most, its unit
LIMITS = [("memory", "anon_kb", 8192, "KB"), ("listed", "each", 100, "octets each")]


def of(runs, trial, server, tls, client):
    return [run for run in runs if not run["fault"] and
            (run["trial"], run["server"], run["tls"], run["client"]) == (trial, server, tls, client)]


def ratios(runs, trial, figure, server, tls, other):
    """The other's figure in ours, scaled to as many messages, of each repetition that has both."""
    ours = {run["rep"]: run for run in of(runs, trial, server, tls, "watchpost")}
    theirs = of(runs, trial, server, tls, other)
    return [run[figure] * run["scale"] / ours[run["rep"]][figure] for run in theirs if run["rep"] in ours]


def places(runs):
    """Where something was measured."""
    found = []
    for run in runs:
        place = (run["trial"], run["server"], run["tls"])
        if place not in found:
            found.append(place)
    return found


def judge(runs):
    rows = []
    for trial, server, tls in places(runs):
        for name, figure, other, least in RATIOS:
            found = ratios(runs, trial, figure, server, tls, other) if name == trial else []
            if found:
                ratio = statistics.median(found)
                rows.append({"trial": trial, "server": server, "tls": tls, "figure": figure, "other": other,
                             "ratio": ratio, "ratios": found, "at_least": least,
                             "verdict": "PASS" if ratio >= least else "FAIL"})
        for name, figure, most, unit in LIMITS:
            mine = [run for run in of(runs, trial, server, tls, "watchpost") if name == trial]
            for case in sorted({run.get("case", "") for run in mine}):
                value = max(run[figure] for run in mine if run.get("case", "") == case)
                rows.append({"trial": trial, "server": server, "tls": tls, "figure": figure, "case": case,
                             "value": value, "at_most": most, "unit": unit,
                             "verdict": "PASS" if value <= most else "FAIL"})
    return rows


def depends_on_time(row):
    return row["figure"] in ("wall", "cpu_ms")


def where(trial, server, tls):
    return f"{trial}, {server}, {'TLS' if tls else 'plain'}" if trial != "listed" else "listed"


def figures(runs):
    """Medians of every client, and their ranges."""
    lines = [f"{'':28}{'':17}{'runs':>4}{'wall s':>9} {'range':15}{'CPU s':>8}{'RSS MB':>9}{'RssAnon':>9}  messages"]
    for trial, server, tls in places(runs):
        if trial == "listed":
            continue
        names = []
        for run in runs:
            if (run["trial"], run["server"], run["tls"]) == (trial, server, tls) and run["client"] not in names:
                names.append(run["client"])
        for name in names:
            good = of(runs, trial, server, tls, name)
            if not good:
                lines.append(f"{where(trial, server, tls):28}{name:17}   0   never finished")
                continue
            walls = [run["wall"] for run in good]
            most = {key: [run[key] for run in good if run[key]] for key in ("rss_kb", "anon_kb")}
            memory = "".join(f"{f'{max(found) / 1024:.1f}' if found else '-':>9}" for found in most.values())
            count, scale = good[0]["messages"], good[0]["scale"]
            more = f", so {statistics.median(walls) * scale:.0f} s for {count * scale:.0f}" if scale > 1 else ""
            lines.append(f"{where(trial, server, tls):28}{name:17}{len(good):>4}{statistics.median(walls):>9.3f} "
                         f"{f'{min(walls):.2f} .. {max(walls):.2f}':15}"
                         f"{statistics.median(run['cpu_ms'] for run in good) / 1000:>8.3f}"
                         f"{memory}  {count}{more}")
    return "\n".join(lines)


NAMES = {"wall": "wall", "cpu_ms": "CPU", "anon_kb": "RssAnon", "each": "per listed message"}


def table(rows, is_quiet):
    lines = []
    for row in rows:
        label = f"{where(row['trial'], row['server'], row['tls'])}, {NAMES[row['figure']]}"
        judged = row["verdict"] if is_quiet or not depends_on_time(row) else f"({row['verdict'].lower()})"
        if "ratio" in row:
            spread = f"{min(row['ratios']):.2f} .. {max(row['ratios']):.2f}"
            lines.append(f"{label:44}{row['other'] + ' / watchpost':>20}{row['ratio']:>9.2f}  {spread:18}"
                         f">= {row['at_least']:<5} {judged}")
        else:
            lines.append(f"{label:44}{row['case'] or 'watchpost':>20}{row['value']:>9.0f}  {row['unit']:18}"
                         f"<= {row['at_most']:<5} {judged}")
    return "\n".join(lines)
