//! A report as one page that needs nothing else: no script, no picture, no font, nothing from a network. Whatever peers
//! chose is escaped (S-044).

use std::fmt::Write as _;

use super::diagram::xml;
use super::report::Report;
use super::{Desk, page, words};
use crate::i18n::Language;
use crate::known::{Lookup, Remembered};

const STYLE: &str = include_str!("report.css");

/// The page.
pub(super) fn page(report: &Report, lookup: &Lookup, desk: &Desk<'_>) -> String {
    let language = match desk.talk.texts.language() {
        Language::English => "en",
        Language::Japanese => "ja",
    };
    let title = xml(&desk.text("talk-report-title"));
    let mut sentences = report.sentences(desk).into_iter();
    let mut body = format!(
        "<header><p class=\"when\">{}</p><h1>{}</h1>",
        xml(&report.time(desk)),
        xml(&sentences.next().unwrap_or_default())
    );
    for sentence in sentences {
        let _ = write!(body, "<p>{}</p>", xml(&sentence));
    }
    body.push_str("</header>");
    body.push_str(&needs_you(report, desk));
    body.push_str(&strip(report, desk));
    body.push_str(&happened(report, desk));
    body.push_str("<div class=\"two\">");
    body.push_str(&guessers(report, lookup, desk));
    body.push_str(&clients(report, desk));
    body.push_str("</div>");
    body.push_str(&look(report, desk));
    let version = [("version", env!("CARGO_PKG_VERSION").into())];
    let made = xml(&desk.talk.texts.format("talk-report-made", &version));
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main><footer>{made}</footer></body></html>\n"
    )
}

fn section(heading: &str, content: &str) -> String {
    format!("<section><h2>{}</h2>{content}</section>", xml(heading))
}

fn needs_you(report: &Report, desk: &Desk<'_>) -> String {
    let (urgent, more) = report.urgent();
    if urgent.is_empty() {
        return String::new();
    }
    let mut list = String::from("<ul class=\"urgent\">");
    for verdict in urgent {
        let _ = write!(
            list,
            "<li><span class=\"badge s{}\">{}</span> <time>{}</time> {}</li>",
            verdict.severity.min(4),
            xml(&desk.severity(verdict.severity)),
            xml(&desk.reckoning.short(verdict.at)),
            xml(&words::sentence(verdict, desk))
        );
    }
    list.push_str("</ul>");
    if more > 0 {
        let more = desk.talk.texts.format("talk-report-more", &[("count", more.into())]);
        let _ = write!(list, "<p>{}</p>", xml(&more));
    }
    section(desk.text("talk-report-needs-you").trim_end_matches(':'), &list)
}

/// How many came when, as bars.
fn strip(report: &Report, desk: &Desk<'_>) -> String {
    const HEIGHT: u64 = 72;
    const STEP: usize = 20;
    let hours = report.hours();
    let most = hours.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let mut bars = String::new();
    for (place, count) in hours.iter().enumerate() {
        let height = (count * HEIGHT).div_ceil(most);
        let _ = write!(
            bars,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\" rx=\"2\"><title>{count}</title></rect>",
            place * STEP,
            HEIGHT - height,
            STEP - 4
        );
    }
    let peak = report.peak(desk).map(|peak| format!("<p>{}</p>", xml(&peak))).unwrap_or_default();
    let width = hours.len() * STEP;
    let picture = format!(
        "<svg class=\"strip\" preserveAspectRatio=\"none\" viewBox=\"0 0 {width} {HEIGHT}\" role=\"img\">{bars}</svg>{peak}"
    );
    section(&desk.text("talk-report-when"), &picture)
}

fn happened(report: &Report, desk: &Desk<'_>) -> String {
    let (headings, rows) = report.rows(desk);
    if rows.is_empty() {
        return String::new();
    }
    let mut table = String::from("<div class=\"wide\"><table><thead><tr>");
    let cells = |tag: &str, cells: &[String]| -> String {
        cells.iter().fold(String::new(), |row, cell| row + &format!("<{tag}>{}</{tag}>", xml(cell)))
    };
    table.push_str(&cells("th", &headings));
    table.push_str("</tr></thead><tbody>");
    for row in rows {
        let _ = write!(table, "<tr>{}</tr>", cells("td", &row));
    }
    table.push_str("</tbody></table></div>");
    section(&desk.text("talk-report-what-happened"), &table)
}

fn counts<'a>(rows: impl Iterator<Item = (&'a str, u64)>) -> String {
    let mut table = String::from("<table class=\"counts\"><tbody>");
    for (what, count) in rows {
        let _ = write!(table, "<tr><td>{}</td><td><code>{}</code></td></tr>", page::grouped(count), xml(what));
    }
    table.push_str("</tbody></table>");
    table
}

fn guessers(report: &Report, lookup: &Lookup, desk: &Desk<'_>) -> String {
    let mut remembered = Remembered::new(lookup);
    let guessers: Vec<(String, u64)> = report
        .busiest()
        .into_iter()
        .map(|(address, guesses)| {
            let word = remembered.word(address).map(|word| format!("  {word}")).unwrap_or_default();
            (format!("{address}{word}"), guesses)
        })
        .collect();
    if guessers.is_empty() {
        return String::new();
    }
    let table = counts(guessers.iter().map(|(who, count)| (who.as_str(), *count)));
    section(desk.text("talk-report-guessers").trim_end_matches(':'), &table)
}

fn clients(report: &Report, desk: &Desk<'_>) -> String {
    let rows: Vec<(String, u64)> = report.tls_versions(desk).into_iter().chain(report.commonest()).collect();
    if rows.is_empty() {
        return String::new();
    }
    let table = counts(rows.iter().map(|(what, count)| (what.as_str(), *count)));
    section(&desk.text("talk-report-tls-clients"), &table)
}

fn look(report: &Report, desk: &Desk<'_>) -> String {
    let commands: Vec<String> = report.commands(desk).iter().map(|command| xml(command)).collect();
    section(&desk.text("talk-report-look"), &format!("<pre>{}</pre>", commands.join("\n")))
}
