//! What of the textbook (`docs/textbook`) is generated: tables from the catalogue, pictures, and recorded sessions.
//!
//! ```text
//! stage      a server without sockets, on a play's clock; its journal and rules are the program's own
//! visit      one visitor, through a session of the protocol; shaking: handshakes, in memory
//! cast       who visits, rule by rule; stories: sessions of the lessons, and exercises; letters: their mail
//! recordings sessions as tables and pictures, rules as pages; advice: what a reader can do
//! trace      the whole session as a file for Wireshark, with its keys
//! tables     the catalogue; octets: dialogues; drawings: pictures that no session shows
//! ```

mod advice;
mod cast;
mod drawings;
mod letters;
mod markdown;
mod octets;
mod recordings;
mod shaking;
mod stage;
mod stories;
mod tables;
mod trace;
mod visit;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use watchpost_observatory::RuleId;
use watchpost_proto::catalogue::explain::Kind;

use crate::config::Config;
use crate::console::Talk;
use crate::i18n::{Language, Texts};
use crate::times::Reckoning;
use crate::watch::Desk;
use crate::watch::diagram::style_sheet;
use markdown::Tongue;
use stage::Stage;

/// Both books.
const TONGUES: [Tongue; 2] = [Tongue(Language::English), Tongue(Language::Japanese)];
/// Dark themes of mdBook.
const DARK: &str = ":is(.coal,.navy,.ayu) ";
/// Columns of the desk: nothing in a book is cut at them.
const COLUMNS: usize = 100;

/// Writes everything that is generated into this folder: `en/src/generated`, `ja/src/generated`, and the colours of
/// pictures. Files of earlier versions that are generated no more are removed.
///
/// # Errors
/// When a file cannot be written, or a recording does not show what it is there to show.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let folder = &folder.canonicalize()?;
    let config = config(folder)?;
    let talks = TONGUES.map(|tongue| Talk { texts: Texts::new(tongue.0), colour: false, program: String::new() });
    let desks: Vec<(Tongue, Desk<'_>)> =
        TONGUES.iter().zip(&talks).map(|(tongue, talk)| (*tongue, desk(&config, talk))).collect();
    for tongue in TONGUES {
        let generated = folder.join(tongue.folder()).join("src/generated");
        match fs::remove_dir_all(&generated) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&generated)?,
        }
    }
    for tongue in TONGUES {
        fs::write(folder.join(tongue.folder()).join("src/SUMMARY.md"), summary(tongue))?;
    }
    let put = |tongue: Tongue, name: &str, text: &str| {
        fs::write(folder.join(tongue.folder()).join("src/generated").join(name), text)
    };
    for tongue in TONGUES {
        for (name, text) in of_catalogue(tongue).into_iter().chain(of_drawings(tongue)) {
            put(tongue, name, &text)?;
        }
    }
    let file = folder.join(".recording.sqlite");
    for (name, play) in stories::LOGINS {
        let mut stage = Stage::begin(&file, letters::two())?;
        let heard = octets::dialogue(&play(&mut stage));
        stage.end()?;
        TONGUES.iter().try_for_each(|tongue| put(*tongue, &format!("{name}.md"), &heard))?;
    }
    for story in stories::STORIES {
        let name = format!("{}.md", story.name);
        put_each(&recordings::story(story, &file, &desks)?, &name, put)?;
    }
    for ((asked, answered), tongue) in recordings::exercises(&file, &desks)?.iter().zip(TONGUES) {
        put(tongue, "exercises.md", asked)?;
        put(tongue, "answers.md", answered)?;
    }
    for rule in RuleId::ALL {
        let name = format!("rule-{}.md", rule.word().to_lowercase());
        put_each(&recordings::rule(*rule, &file, &desks)?, &name, put)?;
    }
    fs::create_dir_all(folder.join("theme"))?;
    fs::write(folder.join("theme/drawings.css"), style_sheet(DARK))
}

/// Writes the session of the chapter about states as a file for Wireshark, with its keys. They are others each time, so
/// it is not among what [`write()`] writes.
///
/// # Errors
/// When the file cannot be written.
pub fn trace(path: &Path) -> io::Result<()> {
    let mut recording = path.as_os_str().to_owned();
    recording.push(".sqlite");
    let mut stage = Stage::begin(Path::new(&recording), letters::two())?;
    let heard = stories::whole_octets(&mut stage);
    stage.end()?;
    trace::write(fs::File::create(path)?, &heard)
}

fn put_each(texts: &[String], name: &str, put: impl Fn(Tongue, &str, &str) -> io::Result<()>) -> io::Result<()> {
    TONGUES.iter().zip(texts).try_for_each(|(tongue, text)| put(*tongue, name, text))
}

fn of_catalogue(tongue: Tongue) -> Vec<(&'static str, String)> {
    let say = |english, japanese| tongue.say(english, japanese);
    let (word, meaning) = (say("Word", "語"), say("What it means", "意味"));
    vec![
        ("commands-table.md", tables::commands(tongue)),
        ("commands.md", tables::lessons(Kind::Command, tongue)),
        ("capabilities-table.md", tables::contents(Kind::Capability, [word, meaning], tongue)),
        ("capabilities.md", tables::lessons(Kind::Capability, tongue)),
        ("states.md", tables::lessons(Kind::State, tongue)),
        ("replies.md", tables::lessons(Kind::Reply, tongue)),
        ("assents.md", tables::assents()),
        ("codes-table.md", tables::contents(Kind::ResponseCode, [word, meaning], tongue)),
        ("codes.md", tables::lessons(Kind::ResponseCode, tongue)),
        ("errors-table.md", tables::errors(tongue)),
        ("errors.md", tables::lessons(Kind::Error, tongue)),
        ("glossary.md", tables::lessons(Kind::Word, tongue)),
        ("rules-table.md", rules_table(tongue)),
        ("edition.md", format!("Watchpost {}\n", env!("CARGO_PKG_VERSION"))),
    ]
}

fn of_drawings(tongue: Tongue) -> Vec<(&'static str, String)> {
    vec![
        ("drawing-states.md", drawings::states(tongue)),
        ("drawing-phases.md", drawings::phases(tongue)),
        ("drawing-tls13.md", drawings::tls13(tongue)),
        ("drawing-tls12.md", drawings::tls12(tongue)),
        ("login-scram.md", octets::scram()),
        ("login-xoauth2.md", octets::xoauth2()),
    ]
}

/// The chapters: file, title in English and in Japanese. Rules stand below the one about intruders.
const CHAPTERS: [(&str, &str, &str); 13] = [
    ("overview", "What POP3 is", "POP3 とは"),
    ("states", "The three states", "3 つの状態"),
    ("commands", "Commands", "コマンド"),
    ("replies", "Replies", "応答"),
    ("errors", "Errors", "エラー"),
    ("multiline", "Many lines, and the dot", "複数行の応答とドット"),
    ("tls", "TLS: POP3S and STLS", "TLS: POP3S と STLS"),
    ("logins", "Logging in", "ログイン"),
    ("wireshark", "Reading a session in Wireshark", "Wireshark でセッションを読む"),
    (INTRUDERS, "What intruders do", "侵入者は何をするか"),
    ("exercises", "Exercises", "練習問題"),
    ("answers", "Answers", "解答"),
    ("glossary", "Glossary", "用語集"),
];
const INTRUDERS: &str = "intruders";

/// The table of contents, as mdBook reads it.
fn summary(tongue: Tongue) -> String {
    let title = tongue.say("Summary", "目次");
    let first = tongue.say("About this book", "この本について");
    let mut text = format!("# {title}\n\n[{first}](index.md)\n\n");
    for (file, english, japanese) in CHAPTERS {
        let _ = writeln!(text, "- [{}]({file}.md)", tongue.say(english, japanese));
        if file == INTRUDERS {
            for rule in RuleId::ALL {
                let name = rule.text().name.text(tongue.protocol());
                let page = rule.word().to_lowercase();
                let _ = writeln!(text, "  - [{rule} · {}](generated/rule-{page}.md)", markdown::plain(name));
            }
        }
    }
    text
}

fn rules_table(tongue: Tongue) -> String {
    let headings = match tongue.say("en", "ja") {
        "en" => ["Rule", "What", "Severity"],
        _ => ["ルール", "内容", "重大度"],
    };
    let row = |rule: &RuleId| {
        let name = markdown::plain(rule.text().name.text(tongue.protocol()));
        let page = format!("generated/rule-{}.md", rule.word().to_lowercase());
        let severity = rule.rule().severity.text().text(tongue.protocol());
        vec![format!("[{rule}]({page})"), format!("[{name}]({page})"), severity.to_owned()]
    };
    markdown::table(&headings, RuleId::ALL.iter().map(row))
}

/// A configuration like anybody's: commands that read journals ask it for the domain.
fn config(folder: &Path) -> io::Result<Config> {
    let domain = stage::DOMAIN;
    let text = format!(
        "domain = \"{domain}\"\ndata_dir = \".\"\n\n[[listener]]\nprotocol = \"pop3\"\naddress = \"127.0.0.1:110\"\nplaintext_login = \"loopback\"\n"
    );
    Config::from_text(text, &folder.join("watchpost.toml")).map_err(|errors| io::Error::other(errors.plain()))
}

fn desk<'a>(config: &'a Config, talk: &'a Talk) -> Desk<'a> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(492_344);
    Desk { config, talk, reckoning: Reckoning::within(now, TimeZone::UTC), columns: COLUMNS }
}
