//! `watchpost rules`: which rules there are, and what they say of the journal when it is judged again.

mod replay;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchpost_observatory::journal::{Judgement, Micros, Span};
use watchpost_observatory::rules::RULES;
use watchpost_observatory::{Dial, Panel, RuleId, Settings, Severity, Verdict, panels};

use self::replay::{Again, Key, evidence, key, replayed};

use super::{Desk, page, severity_word, shown, words};
use crate::cli::{ExitCode, ReplayArgs, RulesArgs, RulesCommand};
use crate::config::dials::written;
use crate::console::Failure;
use crate::i18n::counted;

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
    let settings = &desk.config.observatory.settings;
    if as_json {
        for rule in RULES {
            let table = format!("rules.{}", rule.id);
            let (values, changed) = numbers(&table, settings);
            let line = json!({
                "id": rule.id.word(),
                "version": rule.version,
                "severity": severity_word(rule.severity as u8),
                "name": words::rule(rule.id.word(), desk),
                "techniques": rule.techniques,
                "on": !settings.off.contains(&rule.id),
                "values": values,
                "changed": changed,
            });
            desk.talk.print(&line.to_string());
        }
        for table in ["weights", "ladder", "capacity"] {
            let (values, changed) = numbers(table, settings);
            desk.talk.print(&json!({ "table": table, "values": values, "changed": changed }).to_string());
        }
        return;
    }
    let headings = ["id", "severity", "name", "techniques"].map(|column| desk.text(&format!("talk-rules-{column}")));
    let rows: Vec<Vec<String>> = RULES
        .iter()
        .map(|rule| {
            let is_off = settings.off.contains(&rule.id);
            let how_bad = if is_off { desk.text("talk-rules-off") } else { desk.severity(rule.severity as u8) };
            let name = words::rule(rule.id.word(), desk);
            vec![rule.id.word().to_owned(), how_bad, name, rule.techniques.join(", ")]
        })
        .collect();
    desk.talk.print(&page::table(&headings, &rows, desk.columns));
    let numbers = page::wrapped(&desk.text("talk-rules-numbers"), desk.columns);
    desk.talk.print(&format!("\n{}\n{}", numbers.join("\n"), numbers_in_force(settings, desk.columns)));
}

/// The numbers of a table, and which of them are not the defaults.
fn numbers(table: &str, settings: &Settings) -> (Map<String, Value>, Vec<&'static str>) {
    let (now, defaults) = (settings.dialled(), Settings::default().dialled());
    let Some(panel) = panels().find(|panel| panel.table == table) else { return (Map::new(), Vec::new()) };
    let value = |dial: &Dial| (dial.key.to_owned(), json!(now.value(&panel, dial)));
    let changed = panel.dials.iter().filter(|dial| now.differs(&defaults, &panel, dial));
    (panel.dials.iter().map(value).collect(), changed.map(|dial| dial.key).collect())
}

/// Every number, table by table.
fn numbers_in_force(settings: &Settings, columns: usize) -> String {
    const NAME: usize = 10;
    let (now, defaults) = (settings.dialled(), Settings::default().dialled());
    let shown = |panel: &Panel, dial: &Dial| {
        let text = format!("{}\u{a0}=\u{a0}{}", dial.key, written(dial, now.value(panel, dial)));
        if now.differs(&defaults, panel, dial) {
            format!("*{text}\u{a0}({})", written(dial, defaults.value(panel, dial)))
        } else {
            text
        }
    };
    let mut lines = Vec::new();
    for panel in panels() {
        let name = panel.table.strip_prefix("rules.").unwrap_or(panel.table);
        let numbers: Vec<String> = panel.dials.iter().map(|dial| shown(&panel, dial)).collect();
        let wrapped = page::wrapped(&numbers.join("  "), columns.saturating_sub(NAME).max(40));
        for (place, line) in wrapped.iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            lines.push(format!("{}{}", page::padded(name, NAME), line.replace('\u{a0}', " ")));
        }
    }
    lines.join("\n")
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
    let again = replayed(span, desk)?;
    let stored = stored(span, desk)?;
    let mut verdicts: Vec<&Verdict> = again
        .verdicts
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
            let line = json!({ "verdict": verdict, "as_stored": known, "later": again.later(verdict) });
            desk.talk.print(&line.to_string());
        }
        desk.talk.print(&again.summary().to_string());
        return Ok(());
    }
    desk.talk.print(&text(&verdicts, &again, &stored, desk));
    Ok(())
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

fn text(verdicts: &[&Verdict], again: &Again, stored: &BTreeMap<Key, Vec<u64>>, desk: &Desk<'_>) -> String {
    let same = verdicts.iter().filter(|verdict| stored.get(&key(verdict)) == Some(&evidence(verdict))).count();
    let severe = verdicts.iter().filter(|verdict| verdict.severity >= Severity::High).count();
    let variables = [
        ("verdicts", counted(verdicts.len() as u64)),
        ("same", counted(same as u64)),
        ("severe", counted(severe as u64)),
    ];
    let mut lines = page::wrapped(&desk.talk.texts.format("talk-replay", &variables), desk.columns);
    for verdict in verdicts.iter().take(SHOWN_MAX) {
        let said = Judgement::from(*verdict);
        let name = words::rule(&said.rule, desk);
        let at = desk.reckoning.short(Micros::of(verdict.at));
        let mark = if stored.contains_key(&key(verdict)) { " " } else { "+" };
        let line = format!("{mark} {at}  {} {name}: {}", said.rule, shown(&said.subject));
        lines.push(page::cut(&line, desk.columns));
        let later = again.later(verdict);
        if !later.is_empty() {
            let accounts = later.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
            let text = desk.talk.texts.format("talk-replay-later", &[("accounts", accounts.into())]);
            lines.push(page::cut(&format!("      {text}"), desk.columns));
        }
    }
    if verdicts.len() > SHOWN_MAX {
        let more = ("count", (verdicts.len() - SHOWN_MAX).into());
        lines.push(desk.talk.texts.format("talk-report-more", &[more]));
    }
    lines.push(String::new());
    lines.extend(again.refused(desk));
    lines.join("\n")
}
