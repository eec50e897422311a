//! What a run came to, for people and for programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::tally::{Counts, Latencies};
use crate::i18n::Texts;

/// Faults that mean a wrong answer, whatever the load was.
const WRONG: [&str; 7] = ["protocol", "size", "sum", "count", "numbers", "digest", "wrong-password"];

/// One phase of a run.
pub(super) struct Phase {
    pub(super) counts: Counts,
    pub(super) time: Duration,
    /// Logins that were due, where they came on schedule.
    pub(super) offered: Option<u64>,
}

/// What a run came to.
pub(super) enum Outcome {
    /// One phase.
    One(Phase),
    /// Sessions that were held open.
    Held(Phase, u64),
    /// Good logins alone, then beside an attack.
    Storm {
        /// Alone.
        calm: Box<Phase>,
        /// Beside the attack.
        storm: Box<Phase>,
    },
}

impl Phase {
    /// Which share of the logins that were due was served.
    #[allow(clippy::cast_precision_loss, reason = "a share is shown with three digits")]
    fn served(&self) -> f64 {
        self.offered.filter(|offered| *offered > 0).map_or(1.0, |offered| self.counts.sessions as f64 / offered as f64)
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
    fn per_second(&self, count: u64) -> f64 {
        let seconds = self.time.as_secs_f64();
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    fn wrong_answers(&self) -> u64 {
        let wrong = self.counts.faults.iter().filter(|(kind, _)| WRONG.contains(kind));
        wrong.map(|(_, faults)| faults.count).sum()
    }

    fn to_json(&self) -> Value {
        let counts = &self.counts;
        json!({
            "seconds": rounded(self.time.as_secs_f64()),
            "sessions": counts.sessions,
            "offered": self.offered,
            "messages": counts.messages,
            "octets": counts.octets,
            "refusals": counts.refusals,
            "sessions_per_second": rounded(self.per_second(counts.sessions)),
            "messages_per_second": rounded(self.per_second(counts.messages)),
            "octets_per_second": rounded(self.per_second(counts.octets)),
            "refusals_per_second": rounded(self.per_second(counts.refusals)),
            "latency_ms": latencies_as_json(&counts.latency),
            "message_latency_ms": latencies_as_json(&counts.message_latency),
            "digest": counts.digest(),
            "faults": faults_as_json(counts),
        })
    }

    fn lines(&self, texts: &Texts, lines: &mut Vec<String>) {
        let counts = &self.counts;
        let number = |value: f64| format!("{value:.1}").into();
        lines.push(texts.format(
            "talk-bench-sessions",
            &[
                ("sessions", counts.sessions.into()),
                ("seconds", number(self.time.as_secs_f64())),
                ("rate", number(self.per_second(counts.sessions))),
            ],
        ));
        if counts.messages > 0 {
            let octets = self.per_second(counts.octets) / 1_000_000.0;
            lines.push(texts.format(
                "talk-bench-messages",
                &[
                    ("messages", counts.messages.into()),
                    ("octets", counts.octets.into()),
                    ("rate", number(self.per_second(counts.messages))),
                    ("megabytes", number(octets)),
                ],
            ));
        }
        for (id, latencies) in
            [("talk-bench-latency", &counts.latency), ("talk-bench-message-latency", &counts.message_latency)]
        {
            if !latencies.is_empty() {
                let put_in = [
                    ("p50", milliseconds(latencies.quantile(0.5)).into()),
                    ("p90", milliseconds(latencies.quantile(0.9)).into()),
                    ("p99", milliseconds(latencies.quantile(0.99)).into()),
                    ("max", milliseconds(latencies.max()).into()),
                ];
                lines.push(texts.format(id, &put_in));
            }
        }
        if let Some(digest) = counts.digest() {
            lines.push(texts.format("talk-bench-digest", &[("digest", digest.into())]));
        }
        for (kind, faults) in &counts.faults {
            let first = faults.first.first().map_or("", String::as_str);
            let put_in = [("kind", (*kind).into()), ("count", faults.count.into()), ("first", first.into())];
            lines.push(texts.format("talk-bench-fault", &put_in));
        }
    }
}

impl Outcome {
    /// What must be zero.
    pub(super) fn errors(&self) -> u64 {
        match self {
            Self::One(phase) | Self::Held(phase, _) => phase.counts.errors(),
            // A good login that was not served is what a storm measures; a wrong answer is wrong.
            Self::Storm { calm, storm } => calm.wrong_answers() + storm.wrong_answers(),
        }
    }

    /// Good logins served in the storm against those in the calm, both as shares of what was due.
    fn ratio(calm: &Phase, storm: &Phase) -> Option<f64> {
        (calm.served() > 0.0).then(|| storm.served() / calm.served())
    }

    /// As JSON, with what was asked for.
    pub(super) fn to_json(&self, asked: &Value) -> Value {
        let mut value = match self {
            Self::One(phase) => phase.to_json(),
            Self::Held(phase, held) => {
                let mut value = phase.to_json();
                value["held"] = (*held).into();
                value
            }
            Self::Storm { calm, storm } => json!({
                "calm": calm.to_json(),
                "storm": storm.to_json(),
                "ratio": Self::ratio(calm, storm).map(rounded),
            }),
        };
        value["errors"] = self.errors().into();
        value["asked"] = asked.clone();
        value
    }

    /// As lines for people.
    pub(super) fn to_text(&self, texts: &Texts) -> String {
        let mut lines = Vec::new();
        match self {
            Self::One(phase) => phase.lines(texts, &mut lines),
            Self::Held(phase, held) => {
                phase.lines(texts, &mut lines);
                lines.push(texts.format("talk-bench-held", &[("connections", (*held).into())]));
            }
            Self::Storm { calm, storm } => {
                lines.push(texts.text("talk-bench-calm"));
                calm.lines(texts, &mut lines);
                let refusals = format!("{:.1}", storm.per_second(storm.counts.refusals));
                lines.push(texts.format("talk-bench-storm", &[("refusals", refusals.into())]));
                storm.lines(texts, &mut lines);
                let ratio = Self::ratio(calm, storm).map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
                lines.push(texts.format("talk-bench-ratio", &[("ratio", ratio.into())]));
            }
        }
        lines.push(texts.format("talk-bench-errors", &[("errors", self.errors().into())]));
        lines.join("\n")
    }
}

fn faults_as_json(counts: &Counts) -> Value {
    let faults = counts.faults.iter();
    faults.map(|(kind, faults)| json!({ "kind": kind, "count": faults.count, "first": faults.first })).collect()
}

fn latencies_as_json(latencies: &Latencies) -> Value {
    if latencies.is_empty() {
        return Value::Null;
    }
    let at = |share| rounded(latencies.quantile(share).as_secs_f64() * 1000.0);
    json!({
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "max": rounded(latencies.max().as_secs_f64() * 1000.0),
    })
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

/// Three digits behind the point: more would be noise.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
