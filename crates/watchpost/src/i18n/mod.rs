//! What the program says to people, in English and Japanese.
//!
//! Texts stand in `en/*.ftl` and `ja/*.ftl` (Fluent): `cli.ftl` holds the help of every command, `talk.ftl` what the
//! program prints, `watch.ftl` what it says of the journal, `conversation.ftl` what `talk` says of a session. Log lines are for machines and stay English. Texts of the protocol itself are not here but in the
//! catalogue of `watchpost-proto`.

mod help;

use std::ffi::OsStr;

pub use fluent_bundle::FluentValue as Value;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions};
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::{LanguageIdentifier, langid};

pub use self::help::localize;
use crate::cli::LanguageChoice;

/// A language that texts exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, and whatever else a locale asks for.
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// The language of a locale: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says anything decides.
    /// `variable` reads one of them, so that nothing but `main` needs the environment.
    pub fn from_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default();
        match locale.split(['_', '.', '@', '-']).next() {
            Some(name) if name.eq_ignore_ascii_case("ja") => Self::Japanese,
            _ => Self::English,
        }
    }

    /// The language that `--lang` asks for, read before the command line is parsed: `--help` is written while it is.
    /// A value that is no language is left for the parser to refuse.
    pub fn of_arguments<I>(arguments: I) -> Option<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut value_follows = false;
        for argument in arguments {
            let argument = argument.as_ref().to_string_lossy();
            if value_follows {
                return Self::from_tag(&argument);
            }
            if argument == "--" {
                return None;
            }
            if let Some(tag) = argument.strip_prefix("--lang=") {
                return Self::from_tag(tag);
            }
            value_follows = argument == "--lang";
        }
        None
    }

    fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "ja" => Some(Self::Japanese),
            _ => None,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
            Self::Japanese => langid!("ja"),
        }
    }

    fn sources(self) -> [&'static str; 5] {
        match self {
            Self::English => [
                include_str!("en/cli.ftl"),
                include_str!("en/talk.ftl"),
                include_str!("en/watch.ftl"),
                include_str!("en/fetch.ftl"),
                include_str!("en/conversation.ftl"),
            ],
            Self::Japanese => [
                include_str!("ja/cli.ftl"),
                include_str!("ja/talk.ftl"),
                include_str!("ja/watch.ftl"),
                include_str!("ja/fetch.ftl"),
                include_str!("ja/conversation.ftl"),
            ],
        }
    }
}

/// A count for people: it stands in groups of three digits, and decides between one and many.
#[allow(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
pub fn counted(count: u64) -> Value<'static> {
    FluentNumber::new(count as f64, FluentNumberOptions { minimum_integer_digits: COUNTED, ..Default::default() })
        .into()
}

/// How a count is told from other numbers, ports say, which stand as they are.
const COUNTED: Option<usize> = Some(1);

fn shown(value: &Value<'_>) -> Option<String> {
    match value {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a whole number")]
        Value::Number(number) if number.options.minimum_integer_digits == COUNTED => Some(grouped(number.value as u64)),
        _ => None,
    }
}

/// `1 842`: groups of three, so that numbers can be read.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

impl From<LanguageChoice> for Language {
    fn from(choice: LanguageChoice) -> Self {
        match choice {
            LanguageChoice::En => Self::English,
            LanguageChoice::Ja => Self::Japanese,
        }
    }
}

/// All texts in one language.
pub struct Texts {
    language: Language,
    spoken: Bundle,
    english: Option<Bundle>,
}

type Bundle = FluentBundle<FluentResource>;

impl Texts {
    /// The texts of one language.
    pub fn new(language: Language) -> Self {
        let english = (language != Language::English).then(|| bundle(Language::English));
        Self { language, spoken: bundle(language), english }
    }

    /// Which language these are.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of `id`, which has no variables.
    pub fn text(&self, id: &str) -> String {
        self.format(id, &[])
    }

    /// The text of `id`, with its variables put in: `texts.format("talk-user-added", &[("name", name.into())])`.
    ///
    /// A missing text or variable is our mistake: a debug build panics, a release speaks English, or says the id.
    pub fn format(&self, id: &str, variables: &[(&str, Value<'_>)]) -> String {
        debug_assert!(self.spoken.has_message(id), "there is no text {id} in {:?}", self.language);
        let variables: FluentArgs<'_> = variables.iter().cloned().collect();
        let mut bundles = std::iter::once(&self.spoken).chain(&self.english);
        bundles.find_map(|bundle| render(bundle, id, &variables)).unwrap_or_else(|| id.to_owned())
    }

    /// The text of `id`, if there is one.
    fn find(&self, id: &str) -> Option<String> {
        self.spoken.has_message(id).then(|| self.text(id))
    }
}

fn bundle(language: Language) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language.identifier()]);
    // Isolation marks are for mixed writing directions; in a terminal they break copying a command.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| shown(value)));
    for source in language.sources() {
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                debug_assert!(errors.is_empty(), "texts in {language:?}: {errors:?}");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            debug_assert!(errors.is_empty(), "texts in {language:?}: {errors:?}");
        }
    }
    bundle
}

fn render(bundle: &Bundle, id: &str, variables: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(variables), &mut errors).into_owned();
    debug_assert!(errors.is_empty(), "text {id}: {errors:?}");
    Some(text)
}
