//! Puts the texts of `cli.ftl` into the command line's description.
//!
//! Ids follow the tree: `cli-user-add-about`, `cli-user-add-long-about` (optional: what `--help` says more than `-h`),
//! `cli-user-add-examples`, `cli-user-add-arg-name`, `cli-completions-arg-shell-value-bash`. A test walks the tree and
//! asks for each of them.

use std::any::TypeId;
use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, ArgAction, Command, ValueEnum};
use clap_complete::Shell;

use super::{Language, Texts};
use crate::cli::{BenchMode, ByChoice, DiagramChoice, EndingChoice, LanguageChoice, SeverityChoice};

/// The same command line, speaking the language of `texts`: what each command and argument is for, examples,
/// headings, and the words around values.
pub fn localize(command: Command, texts: &Texts) -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).display_order(1001);
    let version = version.help(texts.text("cli-arg-version")).help_heading(texts.text("cli-heading-options"));
    localize_command(command, texts, "cli").arg(version)
}

fn localize_command(command: Command, texts: &Texts, prefix: &str) -> Command {
    let header = *command.get_styles().get_header();
    let usage = *command.get_styles().get_usage();
    let examples = texts.text(&format!("{prefix}-examples"));
    let examples = format!("{header}{}:{header:#}\n{}", texts.text("cli-heading-examples"), indented(&examples));
    let template = format!(
        "{{before-help}}{{about-with-newline}}\n{usage}{}{usage:#} {{usage}}\n\n{{all-args}}{{after-help}}",
        texts.text("cli-heading-usage")
    );
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).display_order(1000);
    let help = help.help(texts.text("cli-arg-help")).help_heading(texts.text("cli-heading-options"));
    let mut command = command
        // The built-in flags speak English only; ours take their place.
        .disable_help_flag(true)
        .disable_version_flag(true)
        .about(texts.text(&format!("{prefix}-about")))
        .help_template(template)
        .subcommand_help_heading(texts.text("cli-heading-commands"))
        .after_help(examples)
        .mut_args(|argument| localize_argument(argument, texts, prefix))
        .arg(help);
    if let Some(long_about) = texts.find(&format!("{prefix}-long-about")) {
        command = command.long_about(long_about);
    }
    command.mut_subcommands(|subcommand| {
        let prefix = format!("{prefix}-{}", subcommand.get_name());
        localize_command(subcommand, texts, &prefix)
    })
}

fn localize_argument(argument: Arg, texts: &Texts, prefix: &str) -> Arg {
    let id = format!("{prefix}-arg-{}", argument.get_id().as_str().replace('_', "-"));
    let heading = if argument.is_positional() { "cli-heading-arguments" } else { "cli-heading-options" };
    let argument = argument.help_heading(texts.text(heading));
    let help = texts.text(&id);
    let values: Vec<PossibleValue> = argument
        .get_possible_values()
        .into_iter()
        // Each switch has the values "true" and "false", which nobody types.
        .filter(|_| argument.get_action().takes_values())
        .map(|value| {
            let text = texts.text(&format!("{id}-value-{}", value.get_name()));
            value.help(text)
        })
        .collect();
    let argument = match texts.language() {
        // What clap writes around values is English already.
        Language::English => argument.help(help),
        Language::Japanese => around_values(argument, texts, &help, &values),
    };
    with_values(argument, values)
}

/// Says defaults and possible values in place of clap, which can do so in English only.
fn around_values(argument: Arg, texts: &Texts, help: &str, values: &[PossibleValue]) -> Arg {
    if !argument.get_action().takes_values() {
        return argument.help(help.to_owned());
    }
    let mut short = help.to_owned();
    let mut long = help.to_owned();
    if !values.is_empty() {
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        let names = texts.format("cli-possible-values", &[("values", in_short_lines(&names).into())]);
        let _ = write!(short, "\n{names}");
        let _ = write!(long, "\n\n{}", texts.text("cli-possible-values-heading"));
        for value in values {
            let meaning = value.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = write!(long, "\n  - {}: {meaning}", value.get_name());
        }
    }
    let defaults = argument.get_default_values();
    if !defaults.is_empty() {
        let defaults: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        let default = texts.format("cli-default", &[("value", defaults.join(" ").into())]);
        let _ = write!(short, "\n{default}");
        let _ = write!(long, "\n\n{default}");
    }
    argument.help(short).long_help(long).hide_default_value(true).hide_possible_values(true)
}

/// Columns of a line of values. What wraps help counts a Japanese character as one column, so long lines are broken
/// before it sees them.
const VALUES_COLUMNS: usize = 32;

/// Names with commas between them.
fn in_short_lines(names: &[&str]) -> String {
    let mut text = String::new();
    let mut columns = 0;
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            text.push(',');
            text.push(if columns + name.len() > VALUES_COLUMNS { '\n' } else { ' ' });
        }
        columns = if text.ends_with('\n') { 0 } else { columns } + name.len() + 2;
        text.push_str(name);
    }
    text
}

/// The argument takes the same values as before, each with the meaning given here: completions and manual pages show
/// it too.
fn with_values(argument: Arg, values: Vec<PossibleValue>) -> Arg {
    let parsed = argument.get_value_parser().type_id();
    if parsed == TypeId::of::<LanguageChoice>() {
        argument.value_parser(Worded::<LanguageChoice>::new(values))
    } else if parsed == TypeId::of::<Shell>() {
        argument.value_parser(Worded::<Shell>::new(values))
    } else if parsed == TypeId::of::<ByChoice>() {
        argument.value_parser(Worded::<ByChoice>::new(values))
    } else if parsed == TypeId::of::<SeverityChoice>() {
        argument.value_parser(Worded::<SeverityChoice>::new(values))
    } else if parsed == TypeId::of::<EndingChoice>() {
        argument.value_parser(Worded::<EndingChoice>::new(values))
    } else if parsed == TypeId::of::<DiagramChoice>() {
        argument.value_parser(Worded::<DiagramChoice>::new(values))
    } else if parsed == TypeId::of::<BenchMode>() {
        argument.value_parser(Worded::<BenchMode>::new(values))
    } else {
        argument
    }
}

/// Parses an enumeration, and tells of its values in our words.
#[derive(Clone)]
struct Worded<E: ValueEnum + Clone + Send + Sync + 'static> {
    parser: EnumValueParser<E>,
    values: Vec<PossibleValue>,
}

impl<E: ValueEnum + Clone + Send + Sync + 'static> Worded<E> {
    fn new(values: Vec<PossibleValue>) -> Self {
        Self { parser: EnumValueParser::new(), values }
    }
}

impl<E: ValueEnum + Clone + Send + Sync + 'static> TypedValueParser for Worded<E> {
    type Value = E;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<E, clap::Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().cloned()))
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }).collect();
    lines.join("\n")
}
