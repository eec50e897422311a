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
/// Height of the names of the two sides.
const HEADS: usize = 36;

/// What is drawn: a title, the names of both sides, and bands of steps.
pub(crate) struct Picture {
    pub(crate) title: Vec<String>,
    pub(crate) heads: [String; 2],
    pub(crate) rows: Vec<Row>,
}

/// A row of a picture.
pub(crate) enum Row {
    /// A band with a name; the number chooses its colour.
    Band(String, usize),
    /// A step. Its time is written at its left.
    Step { time: String, side: Side, said: String, meaning: String },
    /// So many steps are left out.
    Missing(usize),
}

/// Whether a picture brings its colours along.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// It stands alone: colours for light and for dark.
    Own,
    /// It is part of a page, which has [`style_sheet`].
    OfThePage,
}

/// A picture of its own: no script, no style from elsewhere, no font that must be there.
pub(super) fn svg(page: &Page, desk: &Desk<'_>) -> String {
    draw(&picture(page, desk), Colours::Own)
}

/// The session as a picture.
pub(crate) fn picture(page: &Page, desk: &Desk<'_>) -> Picture {
    let mut rows = Vec::new();
    let mut state = None;
    let (first, missing, last) = shown(&page.timeline.steps);
    for (place, step) in first.iter().chain(last).enumerate() {
        if missing > 0 && place == first.len() {
            rows.push(Row::Missing(missing));
        }
        if state != Some(step.state) {
            state = Some(step.state);
            rows.push(Row::Band(state_word(step.state).to_owned(), state_number(step)));
        }
        let (said, meaning) = (step.said.clone(), step.meaning.clone());
        rows.push(Row::Step { time: seconds(step.since), side: step.side, said, meaning });
    }
    Picture {
        title: heading(page, desk).lines().map(str::to_owned).collect(),
        heads: ["talk-session-client", "talk-session-server"].map(|id| desk.text(id)),
        rows,
    }
}

fn state_number(step: &Step) -> usize {
    match state_word(step.state) {
        "AUTHORIZATION" => 1,
        "TRANSACTION" => 2,
        "UPDATE" => 3,
        _ => 0,
    }
}

/// The picture, as an element of SVG in one line.
pub(crate) fn draw(picture: &Picture, colours: Colours) -> String {
    let top = 20 * picture.title.len() + 20 + HEADS;
    let mut body = String::new();
    let mut y = top;
    for row in &picture.rows {
        y += match row {
            Row::Missing(missing) => {
                let _ = write!(body, "<text class=\"n\" x=\"{}\" y=\"{}\">… {missing} …</text>", LEFT + 8, y + 20);
                ROW
            }
            Row::Band(name, number) => band(&mut body, name, *number, y),
            Row::Step { time, side, said, meaning } => step(&mut body, time, *side, [said, meaning], y),
        };
    }
    let life = format!(
        "<line class=\"l\" x1=\"{LEFT}\" y1=\"{top}\" x2=\"{LEFT}\" y2=\"{y}\"/>\
         <line class=\"l\" x1=\"{RIGHT}\" y1=\"{top}\" x2=\"{RIGHT}\" y2=\"{y}\"/>"
    );
    frame(&life, &body, [top, y + 24], picture, colours)
}

fn band(body: &mut String, name: &str, number: usize, y: usize) -> usize {
    let _ = write!(
        body,
        "<rect class=\"b{number}\" x=\"16\" y=\"{}\" width=\"{}\" height=\"22\" rx=\"4\"/>\
         <text class=\"s\" x=\"28\" y=\"{}\">{}</text>",
        y + 6,
        WIDTH - 32,
        y + 21,
        xml(name)
    );
    36
}

fn frame(life: &str, body: &str, [top, height]: [usize; 2], picture: &Picture, colours: Colours) -> String {
    let mut title = String::new();
    for (line, text) in picture.title.iter().enumerate() {
        let class = if line == 0 { "h" } else { "t" };
        let _ = write!(
            title,
            "<text class=\"{class}\" x=\"16\" y=\"{}\">{}</text>",
            28 + 20 * line,
            xml(&page::cut(text, TITLE_COLUMNS))
        );
    }
    let [client, server] = [LEFT, RIGHT].map(|x| format!("<text class=\"c\" x=\"{x}\" y=\"{}\">", top - 12));
    let style = match colours {
        Colours::Own => {
            format!("<style>{}@media(prefers-color-scheme:dark){{{}}}</style>", sheet("", LIGHT), sheet("", DARK))
        }
        Colours::OfThePage => String::new(),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"watchpost\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">{style}\
         <rect class=\"p\" width=\"{WIDTH}\" height=\"{height}\"/>{title}{client}{}</text>{server}{}</text>{life}{body}</svg>",
        xml(&picture.heads[0]),
        xml(&picture.heads[1])
    )
}

/// Colours of a picture, in the order in which [`sheet`] names them.
type Palette = [&'static str; 14];

const LIGHT: Palette = [
    "#1c2733", "#fbfcfd", "#5d6b7a", "#46566a", "#c9d3dd", "#2563a8", "#2c7a4b", "#b3362b", "#3c4a59", "#e8edf2",
    "#fdf0d5", "#ddf0e3", "#e3e4f7", "#fff6da",
];
const DARK: Palette = [
    "#e3e9ef", "#161c24", "#9fb0c0", "#b9c6d3", "#3d4a58", "#7fb3f0", "#7fce9c", "#f08d80", "#dde5ec", "#2b3540",
    "#4a3c1c", "#21432f", "#33355c", "#453c1f",
];

/// The rules of the colours and fonts of pictures, for pages of the textbook: `dark` chooses pages in a dark theme.
pub(crate) fn style_sheet(dark: &str) -> String {
    let rules = format!("{}@media screen{{{}}}", sheet("", LIGHT), sheet(dark, DARK));
    rules.replace('}', "}\n").replace("}\n}\n", "}}\n")
}

fn sheet(scope: &str, palette: Palette) -> String {
    let [ink, paper, quiet, meaning, life, ask, answer, refusal, state, none, first, second, third, note] = palette;
    let rules = [
        format!("text{{font:13px ui-sans-serif,system-ui,'Noto Sans','Noto Sans CJK JP',sans-serif;fill:{ink}}}"),
        format!(".p{{fill:{paper}}}"),
        ".h{font-size:15px;font-weight:600}".to_owned(),
        format!(".t{{fill:{quiet};font-size:12px}}"),
        format!(".n{{fill:{quiet};font-size:12px}}"),
        ".c{font-weight:600;text-anchor:middle}".to_owned(),
        format!(".m{{fill:{meaning};font-size:12px}}"),
        format!(".w{{fill:{quiet};font-size:11px;text-anchor:end;font-family:ui-monospace,monospace}}"),
        ".q{font:12.5px ui-monospace,'DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace}".to_owned(),
        format!(".l{{stroke:{life};stroke-width:2}}"),
        format!(".a{{stroke:{ask};stroke-width:1.6}}"),
        format!(".r{{stroke:{answer};stroke-width:1.6}}"),
        format!(".ah{{fill:{ask}}}"),
        format!(".rh{{fill:{answer}}}"),
        format!(".e{{stroke:{refusal}}}"),
        format!(".eh{{fill:{refusal}}}"),
        format!(".s{{font-size:11px;font-weight:600;letter-spacing:.08em;fill:{state}}}"),
        format!(".b0{{fill:{none}}}"),
        format!(".b1{{fill:{first}}}"),
        format!(".b2{{fill:{second}}}"),
        format!(".b3{{fill:{third}}}"),
        format!(".nb{{fill:{note};stroke:{life}}}"),
    ];
    rules.iter().map(|rule| format!("{scope}.watchpost {rule}")).collect()
}

/// One step; says how high it is.
fn step(body: &mut String, time: &str, side: Side, [spoken, meaning]: [&str; 2], y: usize) -> usize {
    let meaning = page::wrapped(meaning, MEANING_COLUMNS);
    let height = ROW.max(meaning.len() * LINE + 10);
    let _ = write!(body, "<text class=\"w\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 18, y + 20, xml(time));
    let said = xml(&page::cut(spoken, 52));
    let line = y + 24;
    match side {
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
            let bad = if spoken.starts_with("-ERR") { ("r e", "rh eh") } else { ("r", "rh") };
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
