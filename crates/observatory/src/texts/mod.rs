//! What rules and verdicts say to people, in both languages.
//!
//! A [`RuleText`] stands for each rule; sentences have facts in braces, `{guesses}`, which a verdict fills in.
//! `{guesses:guess|guesses}` puts the right word behind a number in English; `[, {country}]` is left out where the
//! verdict has no such fact.

mod after_login;
mod before_login;
mod grounds;
mod guessing;

use std::fmt::Write as _;

use watchpost_proto::catalogue::Language;
pub use watchpost_proto::catalogue::explain::Said;

use crate::Untrusted;
use crate::ground::{Fact, FactName, Ground, Value};
use crate::rules::RuleId;
use crate::verdict::{Confidence, Severity, Verdict};

/// What a rule is, to people.
#[derive(Clone, Copy, Debug)]
pub struct RuleText {
    /// Which rule.
    pub rule: RuleId,
    /// Its name, a few words.
    pub name: Said,
    /// What fires it.
    pub what: Said,
    /// Why somebody does that, or why it matters.
    pub why: Said,
    /// What honest visitor may look like it, and how the rule tells them apart.
    pub false_positives: Said,
    /// What is done.
    pub response: Said,
    /// The sentence of a verdict, with facts in braces.
    pub(crate) sentence: Said,
}

const fn said(english: &'static str, japanese: &'static str) -> Said {
    Said { english, japanese }
}

/// Every rule's texts, in the order of the rules.
pub fn rule_texts() -> impl Iterator<Item = &'static RuleText> {
    let all = || before_login::TEXTS.iter().chain(guessing::TEXTS).chain(after_login::TEXTS);
    RuleId::ALL.iter().filter_map(move |id| all().find(|text| text.rule == *id))
}

impl RuleId {
    /// What the rule is, to people.
    pub fn text(self) -> &'static RuleText {
        rule_texts().find(|text| text.rule == self).expect("a test holds that each rule has its texts")
    }
}

impl Verdict {
    /// What happened, in one sentence. What peers chose in it is shown harmlessly.
    pub fn sentence(&self, language: Language) -> String {
        filled(self.rule.text().sentence.text(language), &self.reason, language)
    }

    /// Why this is no false alarm, in one line.
    pub fn why_not_a_false_alarm(&self, language: Language) -> String {
        let grounds: Vec<String> = self.not_a_false_alarm.iter().map(|ground| ground.sentence(language)).collect();
        match language {
            Language::English => grounds.join("; "),
            Language::Japanese => grounds.join("。"),
        }
    }
}

impl Ground {
    /// In words.
    pub fn sentence(self, language: Language) -> String {
        let number = self.number().map(|number| number.to_string()).unwrap_or_default();
        let text = grounds::text(self).text(language);
        match self.number() {
            Some(1) => plural(text, true).replace("{n}", &number),
            _ => plural(text, false).replace("{n}", &number),
        }
    }
}

/// Puts the right one of `(guess|guesses)` in.
fn plural(text: &str, one: bool) -> String {
    let (Some(start), Some(end)) = (text.find('('), text.find(')')) else { return text.to_owned() };
    let words = text.get(start + 1..end).unwrap_or_default();
    match words.split_once('|') {
        Some((single, many)) => format!("{}{}{}", &text[..start], if one { single } else { many }, &text[end + 1..]),
        None => text.to_owned(),
    }
}

impl Severity {
    /// In words.
    pub const fn text(self) -> Said {
        match self {
            Self::Info => said("info", "情報"),
            Self::Low => said("low", "低"),
            Self::Medium => said("medium", "中"),
            Self::High => said("high", "高"),
            Self::Critical => said("critical", "重大"),
        }
    }
}

impl Confidence {
    /// In words.
    pub const fn text(self) -> Said {
        match self {
            Self::Low => said("possible", "可能性あり"),
            Self::Medium => said("likely", "おそらく"),
            Self::High => said("high", "ほぼ確実"),
            Self::Certain => said("certain", "確実"),
        }
    }
}

/// Puts facts into the braces of a sentence. What stands in brackets is left out where a fact of it is missing.
fn filled(sentence: &str, facts: &[Fact], language: Language) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('[') {
        let (part, after) = after.split_once(']').unwrap_or((after, ""));
        text.push_str(&with_facts(before, facts, language).unwrap_or_default());
        text.push_str(&with_facts(part, facts, language).unwrap_or_default());
        rest = after;
    }
    text.push_str(&with_facts(rest, facts, language).unwrap_or_default());
    text
}

/// The text with its facts put in; `None` where one is missing.
fn with_facts(text: &str, facts: &[Fact], language: Language) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        rest = after;
        let (name, words) = place.split_once(':').map_or((place, None), |(name, words)| (name, Some(words)));
        let fact = facts.iter().find(|fact| fact.name.word() == name)?;
        filled.push_str(&match (&fact.value, fact.name, language) {
            (Value::Name(oddity), FactName::Oddity, Language::Japanese) => grounds::oddity(oddity).to_owned(),
            (value, ..) => shown(value, language),
        });
        if let Some((one, many)) = words.and_then(|words| words.split_once('|')) {
            let word = if fact.value == Value::Count(1) { one } else { many };
            let _ = write!(filled, " {word}");
        }
    }
    filled.push_str(rest);
    Some(filled)
}

fn shown(value: &Value, language: Language) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Seconds(seconds) => span(*seconds, language),
        Value::Octets(octets) => volume(*octets),
        Value::Network(network) => network.to_string(),
        Value::Name(name) => Untrusted::new(name.as_bytes()).to_string(),
    }
}

/// A time span with one unit.
fn span(seconds: u64, language: Language) -> String {
    let (number, english, japanese) = match seconds {
        0..120 => (seconds, "s", "秒"),
        120..7_200 => ((seconds + 30) / 60, "min", "分"),
        7_200..172_800 => ((seconds + 1_800) / 3_600, "h", "時間"),
        _ => ((seconds + 43_200) / 86_400, "d", "日"),
    };
    match language {
        Language::English => format!("{number} {english}"),
        Language::Japanese => format!("{number} {japanese}"),
    }
}

fn volume(octets: u64) -> String {
    match octets {
        0..10_000 => format!("{octets} B"),
        10_000..10_000_000 => format!("{} kB", octets / 1_000),
        _ => format!("{} MB", octets / 1_000_000),
    }
}

#[cfg(test)]
mod tests;
