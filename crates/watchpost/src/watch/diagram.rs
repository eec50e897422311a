//! A session as a picture: for Mermaid, and as an SVG that needs nothing else. Both hold what peers chose, so every
//! text in them is escaped for its format (S-044).

use std::fmt::Write as _;

use super::session::{Page, heading};
use super::timeline::{Side, Step, seconds, state_word};
use super::{Desk, page};

/// Steps of a picture at the most; beyond it the middle is left out.
const STEPS_MAX: usize = 120;

/// The first steps, and how many were left out before the last ones.
fn shown(steps: &[Step]) -> (&[Step], usize, &[Step]) {
    if steps.len() <= STEPS_MAX {
        return (steps, 0, &[]);
    }
    let (first, last) = (STEPS_MAX * 2 / 3, STEPS_MAX / 3);
    (&steps[..first], steps.len() - first - last, &steps[steps.len() - last..])
}

/// A sequence diagram for Mermaid.
pub(super) fn mermaid(page: &Page) -> String {
    let mut text = "sequenceDiagram\n    participant C as Client\n    participant S as Watchpost\n".to_owned();
    let mut state = None;
    let (first, missing, last) = shown(&page.timeline.steps);
    for (place, step) in first.iter().chain(last).enumerate() {
        if missing > 0 && place == first.len() {
            let _ = writeln!(text, "    Note over C,S: … {missing} …");
        }
        if state != Some(step.state) {
            state = Some(step.state);
            let _ = writeln!(text, "    Note over C,S: {}", state_word(step.state));
        }
        let said = mermaid_text(&step.said);
        let _ = match step.side {
            Side::Client => writeln!(text, "    C->>S: {said}"),
            Side::Server => writeln!(text, "    S-->>C: {said}"),
            Side::Note => writeln!(text, "    Note over C,S: {said}"),
        };
    }
    text.trim_end().to_owned()
}

/// Letters, digits, spaces and a few marks stand as they are; everything else is a character entity of Mermaid's.
fn mermaid_text(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() || " .,+-_/[]()•…@".contains(character) {
            safe.push(character);
        } else {
            let _ = write!(safe, "#{};", u32::from(character));
        }
    }
    if safe.is_empty() { " ".to_owned() } else { safe }
}

/// Measures of the picture, in its own units.
const WIDTH: usize = 1060;
const LEFT: usize = 130;
const RIGHT: usize = 560;
const MEANING: usize = 600;
/// What a wide font, such as DejaVu Sans, sets between there and the edge.
const MEANING_COLUMNS: usize = 58;
/// The same of the title.
const TITLE_COLUMNS: usize = 104;
const ROW: usize = 34;
const LINE: usize = 15;
const TOP: usize = 96;

/// A picture of its own: no script, no style from elsewhere, no font that must be there.
pub(super) fn svg(page: &Page, desk: &Desk<'_>) -> String {
    let mut body = String::new();
    let mut y = TOP;
    let mut state = None;
    let (first, missing, last) = shown(&page.timeline.steps);
    for (place, step) in first.iter().chain(last).enumerate() {
        if missing > 0 && place == first.len() {
            let _ = write!(body, "<text class=\"n\" x=\"{}\" y=\"{}\">… {missing} …</text>", LEFT + 8, y + 20);
            y += ROW;
        }
        if state != Some(step.state) {
            state = Some(step.state);
            let _ = write!(
                body,
                "<rect class=\"b{}\" x=\"16\" y=\"{}\" width=\"{}\" height=\"22\" rx=\"4\"/>\
                 <text class=\"s\" x=\"28\" y=\"{}\">{}</text>",
                state_number(step),
                y + 6,
                WIDTH - 32,
                y + 21,
                state_word(step.state)
            );
            y += 36;
        }
        y += row(&mut body, step, y);
    }
    let life = format!(
        "<line class=\"l\" x1=\"{LEFT}\" y1=\"{TOP}\" x2=\"{LEFT}\" y2=\"{y}\"/>\
         <line class=\"l\" x1=\"{RIGHT}\" y1=\"{TOP}\" x2=\"{RIGHT}\" y2=\"{y}\"/>"
    );
    frame(&life, &body, y + 24, page, desk)
}

fn state_number(step: &Step) -> usize {
    match state_word(step.state) {
        "AUTHORIZATION" => 1,
        "TRANSACTION" => 2,
        "UPDATE" => 3,
        _ => 0,
    }
}

fn frame(life: &str, body: &str, height: usize, page: &Page, desk: &Desk<'_>) -> String {
    let mut title = String::new();
    for (line, text) in heading(page, desk).lines().enumerate() {
        let class = if line == 0 { "h" } else { "t" };
        let _ = write!(
            title,
            "<text class=\"{class}\" x=\"16\" y=\"{}\">{}</text>",
            28 + 20 * line,
            xml(&page::cut(text, TITLE_COLUMNS))
        );
    }
    let heads = [(LEFT, "talk-session-client"), (RIGHT, "talk-session-server")]
        .map(|(x, id)| format!("<text class=\"c\" x=\"{x}\" y=\"{}\">{}</text>", TOP - 12, xml(&desk.text(id))));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\"><style>{STYLE}</style>\
         <rect class=\"p\" width=\"{WIDTH}\" height=\"{height}\"/>{title}{}{}{life}{body}</svg>",
        heads[0], heads[1]
    )
}

const STYLE: &str = "text{font:13px ui-sans-serif,system-ui,'Noto Sans','Noto Sans CJK JP',sans-serif;fill:#1c2733}\
.p{fill:#fbfcfd}.h{font-size:15px;font-weight:600}.t,.n{fill:#5d6b7a;font-size:12px}.c{font-weight:600;text-anchor:middle}\
.m{fill:#46566a;font-size:12px}.w{fill:#5d6b7a;font-size:11px;text-anchor:end;font-family:ui-monospace,monospace}\
.q{font:12.5px ui-monospace,'DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace}\
.l{stroke:#c9d3dd;stroke-width:2}.a{stroke:#2563a8;stroke-width:1.6}.r{stroke:#2c7a4b;stroke-width:1.6}\
.ah{fill:#2563a8}.rh{fill:#2c7a4b}.e{stroke:#b3362b}.eh{fill:#b3362b}\
.s{font-size:11px;font-weight:600;letter-spacing:.08em;fill:#3c4a59}\
.b0{fill:#e8edf2}.b1{fill:#fdf0d5}.b2{fill:#ddf0e3}.b3{fill:#e3e4f7}.nb{fill:#fff6da;stroke:#e6d7a8}";

/// One step; says how high it is.
fn row(body: &mut String, step: &Step, y: usize) -> usize {
    let meaning = page::wrapped(&step.meaning, MEANING_COLUMNS);
    let height = ROW.max(meaning.len() * LINE + 10);
    let _ = write!(body, "<text class=\"w\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 18, y + 20, seconds(step.since));
    let said = xml(&page::cut(&step.said, 52));
    let line = y + 24;
    match step.side {
        Side::Client => {
            let tip = RIGHT - 2;
            let _ = write!(
                body,
                "<text class=\"q\" x=\"{}\" y=\"{}\">{said}</text>\
                 <line class=\"a\" x1=\"{LEFT}\" y1=\"{line}\" x2=\"{}\" y2=\"{line}\"/>\
                 <path class=\"ah\" d=\"M{tip} {line}l-9 -4v8z\"/>",
                LEFT + 12,
                y + 18,
                tip - 8
            );
        }
        Side::Server => {
            let tip = LEFT + 2;
            let bad = if step.said.starts_with("-ERR") { ("r e", "rh eh") } else { ("r", "rh") };
            let _ = write!(
                body,
                "<text class=\"q\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{said}</text>\
                 <line class=\"{}\" x1=\"{RIGHT}\" y1=\"{line}\" x2=\"{}\" y2=\"{line}\"/>\
                 <path class=\"{}\" d=\"M{tip} {line}l9 -4v8z\"/>",
                RIGHT - 12,
                y + 18,
                bad.0,
                tip + 8,
                bad.1
            );
        }
        Side::Note => {
            let _ = write!(
                body,
                "<rect class=\"nb\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"24\" rx=\"4\"/>\
                 <text class=\"t\" x=\"{}\" y=\"{}\">{said}</text>",
                LEFT + 8,
                y + 4,
                RIGHT - LEFT - 16,
                LEFT + 18,
                y + 20
            );
        }
    }
    for (place, text) in meaning.iter().enumerate() {
        let _ = write!(body, "<text class=\"m\" x=\"{MEANING}\" y=\"{}\">{}</text>", y + 18 + place * LINE, xml(text));
    }
    height + 2
}

/// The text as XML holds it. Controls are escaped before it comes here; if one is left, it is a space.
pub(super) fn xml(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_chose_ends_no_line_and_no_element() {
        // S-044
        assert_eq!(xml("<script>'\"&\u{1b}"), "&lt;script&gt;&#39;&quot;&amp; ");
        assert_eq!(mermaid_text("x; C->>S: <b>#"), "x#59; C-#62;#62;S#58; #60;b#62;#35;");
        assert!(!mermaid_text("a\nb\u{202e}").contains(['\n', '\u{202e}']));
    }
}
