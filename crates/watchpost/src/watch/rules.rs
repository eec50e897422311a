//! `watchpost rules`: which rules there are, and what they say of the journal when it is judged again.

use std::collections::BTreeMap;

use serde_json::json;
use watchpost_observatory::journal::{Judgement, Micros, Span};
use watchpost_observatory::rules::RULES;
use watchpost_observatory::{RuleId, Severity, Verdict};

use super::{Desk, page, severity_word, shown, words};
use crate::cli::{ExitCode, ReplayArgs, RulesArgs, RulesCommand};
use crate::console::Failure;
use crate::journal::{Secret, classifier};

/// Verdicts shown of a replay.
const SHOWN_MAX: usize = 40;

/// Lists the rules, or judges the journal again.
pub fn run(arguments: &RulesArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    match &arguments.command {
        None | Some(RulesCommand::List) => {
            list(arguments.json, desk);
            Ok(())
        }
        Some(RulesCommand::Replay(replay)) => judge_again(replay, arguments.json, desk),
    }
}

fn list(as_json: bool, desk: &Desk<'_>) {
    if as_json {
        for rule in RULES {
            let line = json!({
                "id": rule.id.word(),
                "version": rule.version,
                "severity": severity_word(rule.severity as u8),
                "name": words::rule(rule.id.word(), desk),
                "techniques": rule.techniques,
            });
            desk.talk.print(&line.to_string());
        }
        return;
    }
    let headings = ["id", "severity", "name", "techniques"].map(|column| desk.text(&format!("talk-rules-{column}")));
    let rows: Vec<Vec<String>> = RULES
        .iter()
        .map(|rule| {
            let name = words::rule(rule.id.word(), desk);
            vec![rule.id.word().to_owned(), desk.severity(rule.severity as u8), name, rule.techniques.join(", ")]
        })
        .collect();
    desk.talk.print(&page::table(&headings, &rows, desk.columns));
}

/// Which verdicts a replay shows.
enum Which {
    All,
    Only(RuleId),
}

fn judge_again(arguments: &ReplayArgs, as_json: bool, desk: &Desk<'_>) -> Result<(), Failure> {
    let which = if arguments.rule.eq_ignore_ascii_case("all") {
        Which::All
    } else {
        let rule = arguments.rule.parse().map_err(|_| {
            let rule = ("rule", shown(&arguments.rule).into());
            Failure::new(ExitCode::Usage, desk.talk.texts.format("error-no-rule", &[rule]))
        })?;
        Which::Only(rule)
    };
    let span = desk.span(Some(&arguments.last), None)?;
    let again = replayed(desk)?;
    let stored = stored(span, desk)?;
    let mut verdicts: Vec<&Verdict> = again
        .values()
        .filter(|verdict| span.holds(Micros::of(verdict.at)))
        .filter(|verdict| match which {
            Which::All => true,
            Which::Only(rule) => verdict.rule == rule,
        })
        .collect();
    verdicts.sort_by_key(|verdict| verdict.at);
    if as_json {
        for verdict in verdicts {
            let known = stored.get(&key(verdict)) == Some(&evidence(verdict));
            let line = json!({ "verdict": verdict, "as_stored": known });
            desk.talk.print(&line.to_string());
        }
        return Ok(());
    }
    desk.talk.print(&text(&verdicts, &stored, desk));
    Ok(())
}

type Key = (String, u64);

fn key(verdict: &Verdict) -> Key {
    (verdict.rule.word().to_owned(), verdict.episode.began.0)
}

fn evidence(verdict: &Verdict) -> Vec<u64> {
    verdict.evidence.iter().map(|sequence| sequence.0).collect()
}

/// The last verdict of each story, as the classifier says it now.
fn replayed(desk: &Desk<'_>) -> Result<BTreeMap<Key, Verdict>, Failure> {
    let data_dir = &desk.config.data_dir;
    let secret = Secret::read(data_dir).map_err(|error| {
        let variables = [("path", data_dir.display().to_string().into()), ("cause", error.to_string().into())];
        Failure::new(ExitCode::NoInput, desk.talk.texts.format("error-no-secret", &variables))
    })?;
    let mut classifier = classifier(desk.config, &secret);
    let mut verdicts = BTreeMap::new();
    let reader = desk.reader()?;
    desk.read(reader.replay(|sequence, event| {
        for verdict in classifier.observe(sequence, event).verdicts {
            verdicts.insert(key(&verdict), verdict);
        }
    }))?;
    Ok(verdicts)
}

/// What the journal says, by story.
fn stored(span: Span, desk: &Desk<'_>) -> Result<BTreeMap<Key, Vec<u64>>, Failure> {
    let verdicts = desk.read(desk.reader()?.verdicts(span))?;
    let entry = |verdict: watchpost_observatory::journal::StoredVerdict| {
        let evidence = verdict.evidence.iter().map(|sequence| sequence.0).collect();
        ((verdict.rule, verdict.episode), evidence)
    };
    Ok(verdicts.into_iter().map(entry).collect())
}

fn text(verdicts: &[&Verdict], stored: &BTreeMap<Key, Vec<u64>>, desk: &Desk<'_>) -> String {
    let same = verdicts.iter().filter(|verdict| stored.get(&key(verdict)) == Some(&evidence(verdict))).count();
    let severe = verdicts.iter().filter(|verdict| verdict.severity >= Severity::High).count();
    let variables = [("verdicts", verdicts.len().into()), ("same", same.into()), ("severe", severe.into())];
    let mut lines = page::wrapped(&desk.talk.texts.format("talk-replay", &variables), desk.columns);
    for verdict in verdicts.iter().take(SHOWN_MAX) {
        let said = Judgement::from(*verdict);
        let name = words::rule(&said.rule, desk);
        let at = desk.reckoning.short(Micros::of(verdict.at));
        let mark = if stored.contains_key(&key(verdict)) { " " } else { "+" };
        let line = format!("{mark} {at}  {} {name}: {}", said.rule, shown(&said.subject));
        lines.push(page::cut(&line, desk.columns));
    }
    if verdicts.len() > SHOWN_MAX {
        let more = ("count", (verdicts.len() - SHOWN_MAX).into());
        lines.push(desk.talk.texts.format("talk-report-more", &[more]));
    }
    lines.join("\n")
}
