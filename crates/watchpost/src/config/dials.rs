//! `[observatory.rules.B1]` and its like: the numbers of the rules, of which the observatory itself says what they are
//! and how far they can be turned. So no number is listed here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use watchpost_observatory::{Capacity, Dial, Panel, RuleId, Settings, Standing, Unit, panels};

use super::check::Check;
use super::duration::{duration_text, parse_duration};
use super::error::quoted;
use super::words::unknown_word;

/// A table of numbers as it is written.
pub(super) type RawPanel = BTreeMap<String, toml::Value>;

/// The default first.
const GATES: [(&str, Standing); 2] = [("observe", Standing::Observe), ("enforce", Standing::Enforce)];

/// What `[observatory.rules]` may hold.
pub(super) fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let rules = panels().filter_map(|panel| Some((panel.table.strip_prefix("rules.")?.to_owned(), described(&panel))));
    let rules: Map<String, Value> = rules.collect();
    schema(&json!({ "type": "object", "properties": rules }))
}

/// What `[observatory.weights]` may hold.
pub(super) fn weights_schema(_: &mut SchemaGenerator) -> Schema {
    panel_schema("weights")
}

/// What `[observatory.ladder]` may hold.
pub(super) fn ladder_schema(_: &mut SchemaGenerator) -> Schema {
    panel_schema("ladder")
}

/// What `[observatory.capacity]` may hold.
pub(super) fn capacity_schema(_: &mut SchemaGenerator) -> Schema {
    panel_schema("capacity")
}

fn panel_schema(table: &str) -> Schema {
    let panel = panels().find(|panel| panel.table == table).expect("the observatory has a panel of this name");
    schema(&described(&panel))
}

fn schema(value: &Value) -> Schema {
    Schema::try_from(value.clone()).expect("an object is a schema")
}

fn described(panel: &Panel) -> Value {
    let defaults = Settings::default().dialled();
    let keys = panel.dials.iter().map(|dial| {
        let example = format!("{} = {}", dial.key, written(dial, defaults.value(panel, dial)));
        (dial.key.to_owned(), json!({ "description": dial.about(), "x-example": example }))
    });
    json!({ "type": "object", "properties": keys.collect::<Map<String, Value>>() })
}

/// A value as the file has it.
pub(crate) fn written(dial: &Dial, value: f64) -> String {
    match dial.unit() {
        Unit::Number | Unit::Count => value.to_string(),
        Unit::Time => format!("\"{}\"", duration_text(Duration::from_secs_f64(value))),
    }
}

fn range(dial: &Dial) -> String {
    format!("{} to {}", written(dial, dial.least), written(dial, dial.most))
}

/// What was written about rules, beside their tables.
pub(super) struct Written<'a> {
    pub(super) gate: Option<&'a str>,
    pub(super) off: &'a [String],
}

/// What was written about rules: their numbers, in the table of a name, and which of them are off.
pub(super) fn settings<'a>(
    check: &mut Check<'_>,
    table_of: impl Fn(&str) -> Option<&'a RawPanel>,
    written: &Written<'_>,
) -> Settings {
    let panels: Vec<Panel> = panels().collect();
    let mut turned = Vec::new();
    for panel in &panels {
        let Some(table) = table_of(panel.table) else { continue };
        for dial in panel.dials {
            let Some(value) = table.get(dial.key) else { continue };
            match read(dial, value) {
                Some(value) => turned.push((panel, dial, value)),
                None => refuse(check, panel, dial, value),
            }
        }
    }
    let settings = Settings::default().turned(&turned).expect("each value was read as what its dial takes");
    ascends(check, &settings);
    let gate = check.word("observatory.gate", written.gate, &GATES);
    let off = off(check, written.off);
    Settings { gate, off, ..settings }
}

/// The number that was written, if it lies within.
fn read(dial: &Dial, value: &toml::Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "whatever is not exact lies beyond every bound")]
    let number = match (dial.unit(), value) {
        (Unit::Number | Unit::Count, toml::Value::Integer(number)) => *number as f64,
        (Unit::Number, toml::Value::Float(number)) => *number,
        (Unit::Time, toml::Value::String(text)) => {
            let duration = parse_duration(text).ok().filter(|duration| duration.subsec_nanos() == 0)?;
            duration.as_secs() as f64
        }
        _ => return None,
    };
    (dial.least..=dial.most).contains(&number).then_some(number)
}

fn refuse(check: &mut Check<'_>, panel: &Panel, dial: &Dial, value: &toml::Value) {
    let kind = match dial.unit() {
        Unit::Number => "a number",
        Unit::Count => "a whole number",
        Unit::Time => "a duration in whole seconds",
    };
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let message = format!("{} cannot be {}", dial.key, quoted(&shown));
    let help = format!("write {kind} from {}. {}", range(dial), dial.about());
    check.refuse(&key(panel, dial), &message, &help);
}

fn key(panel: &Panel, dial: &Dial) -> String {
    format!("observatory.{}.{}", panel.table, dial.key)
}

/// A rung below the one under it would never be stepped on.
fn ascends(check: &mut Check<'_>, settings: &Settings) {
    let ladder = &settings.ladder;
    let rungs = [("tarpit", ladder.tarpit), ("throttle", ladder.throttle), ("ban_fast", ladder.ban_fast)];
    for pair in rungs.windows(2) {
        let [(low, below), (high, above)] = pair else { continue };
        if below > above {
            let message = format!("{high} ({above}) is less than {low} ({below})");
            let help = "answers grow with the score: tarpit, throttle and ban_fast must ascend";
            check.refuse(&format!("observatory.ladder.{high}"), &message, help);
        }
    }
    if ladder.ban_first > ladder.ban_longest {
        let help = "bans grow fourfold from ban_first up to ban_longest: write a longer one, or a shorter first one";
        check.refuse("observatory.ladder.ban_longest", "ban_longest is shorter than ban_first", help);
    }
}

/// What the tables may take, if that is more than usual.
pub(super) fn warning_of_memory(settings: &Settings) -> Option<(String, &'static str)> {
    let (octets, usual) = (settings.capacity.octets(), Capacity::USUAL_OCTETS);
    let message = format!(
        "what is remembered of visitors may take about {} MiB of memory; usual are {} MiB",
        octets >> 20,
        usual >> 20
    );
    let help = "that is no mistake if the machine has it; else leave the numbers of [observatory.capacity] out";
    (octets > usual).then_some((message, help))
}

/// Rules that are off.
fn off(check: &mut Check<'_>, written: &[String]) -> Vec<RuleId> {
    let mut off = Vec::new();
    for (place, word) in written.iter().enumerate() {
        match word.parse() {
            Ok(rule) if !off.contains(&rule) => off.push(rule),
            Ok(_) => {}
            Err(_) => {
                let known: Vec<&str> = RuleId::ALL.iter().map(|rule| rule.word()).collect();
                let key = format!("observatory.off[{place}]");
                let (_, help) = unknown_word(&key, word, &known);
                check.refuse(&key, &format!("there is no rule {}", quoted(word)), &help);
            }
        }
    }
    off
}

/// What differs from the defaults, as tables of the file.
pub(super) fn tables(settings: &Settings) -> String {
    let (now, defaults) = (settings.dialled(), Settings::default().dialled());
    let mut text = String::new();
    for panel in panels() {
        let differs = |dial: &&Dial| now.differs(&defaults, &panel, dial);
        let mut dials = panel.dials.iter().filter(differs).peekable();
        if dials.peek().is_some() {
            let _ = write!(text, "\n[observatory.{}]\n", panel.table);
        }
        for dial in dials {
            let _ = writeln!(text, "{} = {}", dial.key, written(dial, now.value(&panel, dial)));
        }
    }
    text
}

/// The word of a gate, and the rules that are off, as lines of `[observatory]`.
pub(super) fn lines(settings: &Settings) -> String {
    let off: Vec<String> = settings.off.iter().map(|rule| format!("\"{rule}\"")).collect();
    format!("gate = \"{}\"\noff = [{}]\n", super::word_of(&GATES, &settings.gate), off.join(", "))
}

/// Which keys differ.
pub(super) fn changes(old: &Settings, new: &Settings) -> Vec<String> {
    let mut changed = Vec::new();
    if old.gate != new.gate {
        changed.push("observatory.gate".to_owned());
    }
    if old.off != new.off {
        changed.push("observatory.off".to_owned());
    }
    let (old, new) = (old.dialled(), new.dialled());
    for panel in panels() {
        let differs = |dial: &&Dial| new.differs(&old, &panel, dial);
        changed.extend(panel.dials.iter().filter(differs).map(|dial| key(&panel, dial)));
    }
    changed
}

/// What stands above the numbers on the reference page.
const INTRODUCTION: &str = "
## The numbers of the rules

Every number by which the observatory judges can be set, in tables of `[observatory]`: `[observatory.rules.B1]` holds
those of rule B1 (`watchpost rules list` names the rules, and shows the numbers in force), `[observatory.weights]` what
offences weigh, `[observatory.ladder]` where answers begin, `[observatory.capacity]` how much is remembered. Most
installations need none of them.

To try a number, write it into a copy of the file and judge the journal again with it, which touches neither the journal
nor a running server: `watchpost --config copy.toml rules replay --last 7d B1` says what the rule would have found, whom
it would have refused, and who of those logged in later.

Every change *needs a restart*: verdicts of one run rest on the same numbers.
";

/// The reference of the numbers, in Markdown.
pub(super) fn reference() -> String {
    let defaults = Settings::default().dialled();
    let mut page = INTRODUCTION.to_owned();
    for panel in panels() {
        let _ = write!(page, "\n### Table `[observatory.{}]`\n\n", panel.table);
        page.push_str("| key | default | range | what it is |\n|---|---|---|---|\n");
        for dial in panel.dials {
            let default = written(dial, defaults.value(&panel, dial));
            let (range, about) = (range(dial), dial.about().replace('|', "\\|"));
            let _ = writeln!(page, "| `{}` | `{default}` | {range} | {about} |", dial.key);
        }
    }
    page
}
