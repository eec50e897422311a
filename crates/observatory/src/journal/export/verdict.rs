//! A verdict as a document.

use serde_json::{Value, json};

use super::{ECS, Observer, harmless, timestamp, without_nulls};
use crate::journal::StoredVerdict;

/// A verdict, as one document.
pub fn verdict_document(verdict: &StoredVerdict, observer: &Observer) -> Value {
    let detail: Value = serde_json::from_slice(&verdict.detail).unwrap_or(Value::Null);
    let evidence: Vec<u64> = verdict.evidence.iter().map(|sequence| sequence.0).collect();
    let source = verdict.source.map(|source| source.to_string());
    let account = verdict.account.as_deref().map(harmless);
    let techniques: Vec<&str> =
        detail["techniques"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut document = json!({
        "@timestamp": timestamp(verdict.at),
        "ecs": { "version": ECS },
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "action": "verdict",
            "dataset": "watchpost.verdict",
            "id": format!("{}-{}", verdict.rule, verdict.episode),
            "sequence": verdict.sequence.0,
            "severity": verdict.severity,
            "reason": harmless(&verdict.subject),
        },
        "observer": { "product": "watchpost", "version": observer.version, "hostname": harmless(&observer.hostname) },
        "rule": { "id": verdict.rule, "version": detail["version"].as_u64().map(|version| version.to_string()) },
        "source": { "ip": source },
        "user": { "name": account },
        "related": { "ip": source.iter().collect::<Vec<_>>(), "user": account.iter().collect::<Vec<_>>() },
        "watchpost": { "schema": 1, "campaign": verdict.campaign, "evidence": evidence },
    });
    if !techniques.is_empty() {
        let (whole, sub): (Vec<&str>, Vec<&str>) = techniques.iter().partition(|technique| !technique.contains('.'));
        document["threat"] = json!({
            "framework": "MITRE ATT&CK",
            "technique": { "id": whole, "subtechnique": { "id": sub } },
        });
    }
    without_nulls(&mut document);
    document
}
