//! What is said of verdicts.

use serde_json::Value;
use watchpost_observatory::journal::StoredVerdict;
use watchpost_observatory::{RuleId, Verdict};
use watchpost_proto::catalogue::Language as ProtocolLanguage;

use super::{Desk, shown};
use crate::i18n::Language;

/// The language of texts that come from the rules.
fn language(desk: &Desk<'_>) -> ProtocolLanguage {
    match desk.talk.texts.language() {
        Language::English => ProtocolLanguage::English,
        Language::Japanese => ProtocolLanguage::Japanese,
    }
}

/// The name of a rule, in words.
pub(crate) fn rule(id: &str, desk: &Desk<'_>) -> String {
    match id.parse::<RuleId>() {
        Ok(rule) => rule.text().name.text(language(desk)).to_owned(),
        Err(_) => shown(id),
    }
}

/// A verdict as the rules made it; `None` when a later version made it.
fn verdict(stored: &StoredVerdict) -> Option<Verdict> {
    serde_json::from_slice(&stored.detail).ok()
}

/// A verdict in a sentence.
pub(crate) fn sentence(stored: &StoredVerdict, desk: &Desk<'_>) -> String {
    let said = match verdict(stored) {
        Some(verdict) => verdict.sentence(language(desk)),
        None => rule(&stored.rule, desk),
    };
    format!("{} {}: {said}", stored.rule, shown(&stored.subject))
}

/// Why it is no false alarm, as far as the rules know.
pub(crate) fn no_false_alarm(stored: &StoredVerdict, desk: &Desk<'_>) -> Option<String> {
    let why = verdict(stored)?.why_not_a_false_alarm(language(desk));
    (!why.is_empty()).then(|| desk.talk.texts.format("talk-session-no-false-alarm", &[("why", why.into())]))
}

/// What the rules keep of a verdict.
pub(crate) fn detail(verdict: &StoredVerdict) -> Value {
    serde_json::from_slice(&verdict.detail).unwrap_or(Value::Null)
}

/// What was done: `ban`, `tarpit`, or a dash.
pub(crate) fn answer(detail: &Value, desk: &Desk<'_>) -> String {
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
pub(crate) fn confidence(detail: &Value, desk: &Desk<'_>) -> String {
    match detail["confidence"].as_str() {
        Some(word @ ("low" | "medium" | "high" | "certain")) => desk.text(&format!("talk-sure-{word}")),
        _ => "–".to_owned(),
    }
}
