//! Recordings as pages: the steps of a session in a table or a picture, and what the rules said of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use watchpost_observatory::journal::{Filter, Reader, Session, Span, StoredVerdict};
use watchpost_observatory::{RuleId, Verdict};
use watchpost_proto::planted::planted;

use super::advice::advice;
use super::cast;
use super::drawings::of_picture;
use super::markdown::{Tongue, html, plain, table};
use super::stage::Stage;
use super::stories::{EXERCISES, Exercise, Story};
use crate::watch::Desk;
use crate::watch::diagram::picture;
use crate::watch::session::{Page, heading};
use crate::watch::timeline::{Side, Step, seconds, state_word, timeline};

/// Sessions of a verdict that are listed.
const LISTED: usize = 8;
/// Steps of a table at the most: beyond it the middle is left out.
const STEPS: usize = 27;

fn failed<T>(result: Result<T, impl std::fmt::Display>) -> io::Result<T> {
    result.map_err(|error| io::Error::other(error.to_string()))
}

/// How much of a table is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// What both said, and what it means.
    Meaning,
    /// What both said.
    Said,
}

fn page_of(session: Session, reader: &Reader, desk: &Desk<'_>) -> io::Result<Page> {
    let events = failed(reader.events(&session))?;
    let verdicts = failed(reader.verdicts_of_session(session.row.first))?;
    let timeline = timeline(&session, &events, &desk.talk.texts);
    Ok(Page { session, timeline, verdicts, origin: None })
}

fn all_sessions(reader: &Reader) -> io::Result<Vec<Session>> {
    let mut sessions = failed(reader.sessions(&Filter { limit: 10_000, ..Filter::default() }))?;
    sessions.sort_by_key(|session| session.row.first);
    Ok(sessions)
}

/// A story's picture, in each language.
pub(super) fn story(story: &Story, file: &Path, desks: &[(Tongue, Desk<'_>)]) -> io::Result<Vec<String>> {
    let mut stage = Stage::begin(file, (story.letters)())?;
    (story.play)(&mut stage);
    let reader = stage.read()?;
    let session = all_sessions(&reader)?.pop().ok_or_else(|| io::Error::other("nothing was recorded"))?;
    let texts = desks.iter().map(|(tongue, desk)| {
        let page = page_of(session.clone(), &reader, desk)?;
        Ok(of_picture(&picture(&page, desk), story.caption.text(tongue.protocol())))
    });
    let texts = texts.collect();
    drop(reader);
    stage.end()?;
    texts
}

/// An exercise: its session alone, and with what it means.
pub(super) fn exercises(file: &Path, desks: &[(Tongue, Desk<'_>)]) -> io::Result<Vec<(String, String)>> {
    let mut texts = vec![(String::new(), String::new()); desks.len()];
    for (number, exercise) in (1..).zip(EXERCISES) {
        let Exercise { question, answer, letters, play } = exercise;
        let mut stage = Stage::begin(file, letters())?;
        play(&mut stage);
        let reader = stage.read()?;
        let sessions = all_sessions(&reader)?;
        let session = sessions.last().ok_or_else(|| io::Error::other("nothing was recorded"))?;
        for ((tongue, desk), (asked, answered)) in desks.iter().zip(&mut texts) {
            let page = page_of(session.clone(), &reader, desk)?;
            let name = tongue.say("Exercise", "問題");
            let answers = tongue.say("answers.md", "answers.md");
            let solution = tongue.say("The answer", "解答");
            let _ = write!(
                asked,
                "## {name} {number} {{#exercise-{number}}}\n\n{}\n\n{}\n[{solution}]({answers}#exercise-{number})\n\n",
                plain(question.text(tongue.protocol())),
                steps(&page, &BTreeSet::new(), Shown::Said, *tongue, desk)
            );
            let _ = write!(
                answered,
                "## {name} {number} {{#exercise-{number}}}\n\n{}\n\n{}\n",
                plain(answer.text(tongue.protocol())),
                steps(&page, &BTreeSet::new(), Shown::Meaning, *tongue, desk)
            );
        }
        drop(reader);
        stage.end()?;
    }
    Ok(texts)
}

/// A rule's page, in each language: what it is, a recording in which it fires, and what is done.
pub(super) fn rule(rule: RuleId, file: &Path, desks: &[(Tongue, Desk<'_>)]) -> io::Result<Vec<String>> {
    let (letters, play) = cast::scene(rule);
    let mut stage = Stage::begin(file, letters)?;
    play(&mut stage);
    let reader = stage.read()?;
    let verdicts = failed(reader.verdicts(Span::ALL))?;
    let stored = verdicts.iter().rfind(|verdict| verdict.rule == rule.word());
    let stored = stored.ok_or_else(|| io::Error::other(format!("the recording of {rule} does not make it fire")))?;
    let mut sessions = failed(reader.sessions_of_verdict(stored.id, 1_000))?;
    sessions.sort_by_key(|session| session.row.first);
    let texts = desks.iter().map(|(tongue, desk)| rule_page(rule, stored, &sessions, &reader, *tongue, desk));
    let texts = texts.collect();
    drop(reader);
    stage.end()?;
    texts
}

fn rule_page(
    rule: RuleId,
    stored: &StoredVerdict,
    sessions: &[Session],
    reader: &Reader,
    tongue: Tongue,
    desk: &Desk<'_>,
) -> io::Result<String> {
    let language = tongue.protocol();
    let text = rule.text();
    let verdict: Verdict = failed(serde_json::from_slice(&stored.detail))?;
    let say = |english, japanese| tongue.say(english, japanese);
    let mut page = format!("# {rule} · {}\n\n", plain(text.name.text(language)));
    let techniques = if verdict.techniques.is_empty() { "–".to_owned() } else { verdict.techniques.join(", ") };
    let severity = verdict.severity.text().text(language);
    let _ = writeln!(
        page,
        "{}{severity} · {}{techniques}\n",
        tongue.label("Severity", "重大度"),
        tongue.label("MITRE ATT&CK", "MITRE ATT&CK")
    );
    let _ = writeln!(page, "{}\n", plain(text.what.text(language)));
    let _ = writeln!(
        page,
        "{}{}\n",
        tongue.label("Why somebody does that", "なぜそうするのか"),
        plain(text.why.text(language))
    );
    let _ = writeln!(page, "## {} {{#recording}}\n", say("The recording", "記録"));
    if sessions.len() > 1 {
        page.push_str(&list(sessions, tongue, desk));
        let _ = writeln!(page, "\n{}\n", say("The last of them, step by step:", "そのうち最後のものを順に見ます。"));
    }
    let last = sessions.last().ok_or_else(|| io::Error::other("a verdict without a session"))?;
    let shown = page_of(last.clone(), reader, desk)?;
    let evidence = stored.evidence.iter().map(|sequence| sequence.0).collect();
    page.push_str(&steps(&shown, &evidence, Shown::Meaning, tongue, desk));
    let _ = writeln!(page, "\n{}\n", say("● marks what the verdict rests on.", "● は、判定の根拠になった出来事です。"));
    let _ = writeln!(page, "## {} {{#verdict}}\n", say("The verdict", "判定"));
    let _ = writeln!(page, "> {rule} {}: {}\n", plain(&stored.subject), plain(&verdict.sentence(language)));
    let sure = verdict.confidence.text().text(language);
    let _ = writeln!(page, "- {}{sure}", tongue.label("How sure", "確かさ"));
    let grounds = verdict.why_not_a_false_alarm(language);
    let separator = say(" ", "。");
    let grounds =
        if grounds.is_empty() { grounds } else { format!("{grounds}{}", if separator == " " { ". " } else { "。" }) };
    let why = format!("{grounds}{}", text.false_positives.text(language));
    let _ = writeln!(page, "- {}{}", tongue.label("Why it is no false alarm", "誤検知でない理由"), plain(&why));
    let _ = writeln!(
        page,
        "- {}{}",
        tongue.label("What the rules call for", "ルールが求める対応"),
        plain(text.response.text(language))
    );
    let _ =
        writeln!(page, "- {}{}", tongue.label("What you can do", "あなたにできること"), advice(rule).text(language));
    Ok(page)
}

/// Which connections a verdict speaks of.
fn list(sessions: &[Session], tongue: Tongue, desk: &Desk<'_>) -> String {
    let addresses: BTreeSet<_> = sessions.iter().filter_map(|session| session.row.source()).collect();
    let (connections, sources) = (sessions.len(), addresses.len());
    let first = sessions[0].row.start.0;
    let mut text = match tongue.say("en", "ja") {
        "en" if sources == 1 => format!("{connections} connections of one address are cited."),
        "en" => format!("{connections} connections of {sources} addresses are cited."),
        _ => format!("{sources} 個のアドレスからの {connections} 回の接続が根拠になっています。"),
    };
    text.push_str(tongue.say(
        " What the verdict counts may have begun before them.\n\n",
        "判定が数えたものには、それより前の分が含まれることがあります。\n\n",
    ));
    let headings = match tongue.say("en", "ja") {
        "en" => ["After", "From", "Port", "Commands", "Logins failed", "Ended"],
        _ => ["経過", "接続元", "ポート", "コマンド", "失敗したログイン", "終わり方"],
    };
    let skipped = sessions.len().saturating_sub(LISTED);
    text.push_str(&table(
        &headings,
        sessions.iter().skip(skipped).map(|session| {
            let row = &session.row;
            let after = u64::try_from(row.start.0 - first).unwrap_or(0);
            vec![
                format!("{} s", seconds(std::time::Duration::from_micros(after))),
                row.source().map(|source| source.to_string()).unwrap_or_default(),
                row.local.map(|(local, _)| local.port().to_string()).unwrap_or_default(),
                row.commands.to_string(),
                row.failed.to_string(),
                desk.talk.texts.text(&format!("talk-ending-{}", row.end.word())),
            ]
        }),
    ));
    if skipped > 0 {
        let note = match tongue.say("en", "ja") {
            "en" => format!("\nThe first {skipped} are left out.\n"),
            _ => format!("\n最初の {skipped} 回は省略しています。\n"),
        };
        text.push_str(&note);
    }
    text
}

/// The steps of a session, as a table of HTML: nothing in it is Markdown.
fn steps(page: &Page, evidence: &BTreeSet<u64>, shown: Shown, tongue: Tongue, desk: &Desk<'_>) -> String {
    let caption: Vec<String> = heading(page, desk).lines().map(html).collect();
    let headings = match tongue.say("en", "ja") {
        "en" => ["Time", "Client", "Server", "What it means"],
        _ => ["時刻", "クライアント", "サーバー", "意味"],
    };
    let headings = if shown == Shown::Meaning { &headings[..] } else { &headings[..3] };
    let columns = headings.len();
    let cells = format!("<th>{}</th>", headings.join("</th><th>"));
    let mut text = format!(
        "<table class=\"steps\">\n<caption>{}</caption>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n",
        caption.join("<br>")
    );
    let all = &page.timeline.steps;
    let left_out = all.len().saturating_sub(STEPS);
    let mut state = None;
    for (place, step) in all.iter().enumerate() {
        if left_out > 0 && place == STEPS * 2 / 3 {
            let _ = writeln!(text, "<tr><td></td><td colspan=\"{}\">… {left_out} …</td></tr>", columns - 1);
        }
        if left_out > 0 && (STEPS * 2 / 3..STEPS * 2 / 3 + left_out).contains(&place) {
            continue;
        }
        if state != Some(step.state) {
            state = Some(step.state);
            let _ =
                writeln!(text, "<tr class=\"state\"><td colspan=\"{columns}\">{}</td></tr>", state_word(step.state));
        }
        text.push_str(&row(step, evidence.contains(&step.sequence.0), shown));
    }
    text.push_str("</tbody>\n</table>\n");
    text
}

fn row(step: &Step, cited: bool, shown: Shown) -> String {
    let mark = if cited && !planted("textbook.evidence-is-not-marked") { " ●" } else { "" };
    let said = html(&step.said);
    let both = match step.side {
        Side::Client => format!("<td><code>{said}</code> →</td><td></td>"),
        Side::Server => format!("<td></td><td>← <code>{said}</code></td>"),
        Side::Note => format!("<td colspan=\"2\" class=\"note\">{said}</td>"),
    };
    let meaning = match shown {
        Shown::Meaning => format!("<td>{}</td>", html(&step.meaning)),
        Shown::Said => String::new(),
    };
    format!("<tr><td>{}{mark}</td>{both}{meaning}</tr>\n", seconds(step.since))
}
