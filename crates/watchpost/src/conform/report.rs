//! What a run has found, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::conform::check::{Check, Finding};
use crate::conform::stop::Stop;
use crate::i18n::{Language, Texts};

/// How many passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Held.
    pub passed: usize,
    /// Did not hold.
    pub failed: usize,
    /// Could not be tried.
    pub skipped: usize,
}

/// Counts.
pub fn totals(findings: &[Finding]) -> Totals {
    let mut totals = Totals::default();
    for finding in findings {
        match finding.result {
            Ok(()) => totals.passed += 1,
            Err(Stop::Failed { .. }) => totals.failed += 1,
            Err(Stop::Skipped(_)) => totals.skipped += 1,
        }
    }
    totals
}

fn asked(check: &Check, language: Language) -> &'static str {
    match language {
        Language::English => check.english,
        Language::Japanese => check.japanese,
    }
}

/// The table, and below it an explanation of each failure.
pub fn table(findings: &[Finding], texts: &Texts, colour: bool) -> String {
    let mut table = String::new();
    let words = ["talk-conform-passed", "talk-conform-failed", "talk-conform-skipped"].map(|id| texts.text(id));
    let ids = findings.iter().map(|finding| finding.check.ids.join(" ").len()).max().unwrap_or(0);
    let rfcs = findings.iter().map(|finding| finding.check.rfc.chars().count()).max().unwrap_or(0);
    let widest = words.iter().map(|word| columns(word)).max().unwrap_or(0);
    for finding in findings {
        let (word, paint) = match &finding.result {
            Ok(()) => (&words[0], "32"),
            Err(Stop::Failed { .. }) => (&words[1], "31"),
            Err(Stop::Skipped(_)) => (&words[2], "33"),
        };
        let padded = format!("{word}{}", " ".repeat(widest - columns(word)));
        let shown = if colour { format!("\x1b[{paint}m{padded}\x1b[0m") } else { padded };
        let what = asked(finding.check, texts.language());
        let all = finding.check.ids.join(" ");
        let _ = write!(table, "{all:ids$}  {:rfcs$}  {shown}  {what}", finding.check.rfc);
        if let Err(Stop::Skipped(reason)) = &finding.result {
            let _ = write!(table, " ({reason})");
        }
        table.push('\n');
    }
    for finding in findings {
        if let Err(Stop::Failed { expected, came }) = &finding.result {
            let variables = [
                ("ids", finding.check.ids.join(" ").into()),
                ("rfc", finding.check.rfc.into()),
                ("asked", asked(finding.check, texts.language()).into()),
                ("rule", finding.check.rule.into()),
                ("expected", expected.as_str().into()),
                ("came", came.as_str().into()),
            ];
            let _ = write!(table, "\n{}\n", texts.format("talk-conform-failure", &variables));
        }
    }
    table
}

fn columns(text: &str) -> usize {
    text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum()
}

/// Everything as JSON; texts in English.
pub fn as_json(findings: &[Finding], host: &str) -> Value {
    let totals = totals(findings);
    let results: Vec<Value> = findings.iter().map(finding_as_json).collect();
    json!({
        "host": host,
        "passed": totals.passed,
        "failed": totals.failed,
        "skipped": totals.skipped,
        "checks": results,
    })
}

fn finding_as_json(finding: &Finding) -> Value {
    let mut value = json!({
        "ids": finding.check.ids,
        "rfc": finding.check.rfc,
        "asked": finding.check.english,
    });
    match &finding.result {
        Ok(()) => value["result"] = "passed".into(),
        Err(Stop::Failed { expected, came }) => {
            value["result"] = "failed".into();
            value["rule"] = finding.check.rule.into();
            value["expected"] = expected.as_str().into();
            value["came"] = came.as_str().into();
        }
        Err(Stop::Skipped(reason)) => {
            value["result"] = "skipped".into();
            value["reason"] = reason.as_str().into();
        }
    }
    value
}
