//! What is said of verdicts.

use serde_json::Value;
use watchpost_observatory::journal::StoredVerdict;
use watchpost_observatory::{RuleId, Untrusted};

use super::{Desk, shown};

/// The name of a rule, in words.
pub(super) fn rule(id: &str, desk: &Desk<'_>) -> String {
    match id.parse::<RuleId>() {
        Ok(rule) => desk.text(&format!("talk-rule-{}", rule.word())),
        Err(_) => shown(id),
    }
}

/// A verdict in a line: what, of whom, and the numbers it rests on.
pub(super) fn sentence(verdict: &StoredVerdict, desk: &Desk<'_>) -> String {
    let mut text = format!("{} {}: {}", verdict.rule, rule(&verdict.rule, desk), shown(&verdict.subject));
    let facts = facts(&detail(verdict), desk);
    if !facts.is_empty() {
        text = format!("{text} ({facts})");
    }
    text
}

/// What the rules keep of a verdict.
pub(super) fn detail(verdict: &StoredVerdict) -> Value {
    serde_json::from_slice(&verdict.detail).unwrap_or(Value::Null)
}

/// The facts of a verdict: `passwords 14, seconds 40`.
pub(super) fn facts(detail: &Value, desk: &Desk<'_>) -> String {
    let separator = desk.text("talk-step-separator");
    let parts = detail["reason"].as_array().into_iter().flatten().filter_map(|fact| {
        let name = fact["name"].as_str()?;
        let value = fact["value"].as_object()?.values().next()?;
        let value = match value {
            Value::String(text) => Untrusted::new(text.as_bytes()).to_string(),
            other => Untrusted::new(other.to_string()).to_string(),
        };
        Some(format!("{} {value}", shown(name)))
    });
    parts.collect::<Vec<_>>().join(&separator)
}

/// What was done: `ban`, `tarpit`, or a dash.
pub(super) fn answer(detail: &Value, desk: &Desk<'_>) -> String {
    let word = match &detail["answer"] {
        Value::String(word) => word.clone(),
        Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    match word.as_str() {
        "tarpit" | "throttle" | "keyhole" | "ban" | "gate" => desk.text(&format!("talk-answer-{word}")),
        _ => desk.text("talk-answer-none"),
    }
}

/// How sure: `certain`, `high`, `medium`, `low`.
pub(super) fn confidence(detail: &Value, desk: &Desk<'_>) -> String {
    match detail["confidence"].as_str() {
        Some(word @ ("low" | "medium" | "high" | "certain")) => desk.text(&format!("talk-sure-{word}")),
        _ => "–".to_owned(),
    }
}
