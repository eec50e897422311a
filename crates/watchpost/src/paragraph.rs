//! Text in lines that fit a terminal, in English and Japanese.

use unicode_width::UnicodeWidthStr;

/// Below this a page cannot be read, whatever the terminal says.
pub(crate) const COLUMNS_MIN: usize = 40;

/// The text with spaces behind it, to this width.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// The text behind its label, broken so that no line is wider than the page; later lines begin below the first.
pub(crate) fn hanging(label: &str, text: &str, columns: usize) -> Vec<String> {
    let indent = label.width();
    let broken = broken(text, columns.saturating_sub(indent).max(COLUMNS_MIN / 2));
    let begin = |place: usize| if place == 0 { label.to_owned() } else { " ".repeat(indent) };
    broken.iter().enumerate().map(|(place, line)| format!("{}{line}", begin(place)).trim_end().to_owned()).collect()
}

/// Breaks a text at its spaces, and between Japanese characters where their rules of writing allow it.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() || line.width() + piece.trim_end().width() <= columns {
            line.push_str(&piece);
        } else {
            lines.push(piece);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// What must not be broken: words with the space behind them, and Japanese characters with what clings to them.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last = ' ';
    for letter in text.chars() {
        let clings = match (last, letter) {
            (_, ' ') => true,
            (last, _) if OPENS.contains(last) => true,
            (_, letter) if CLINGS.contains(letter) => true,
            (' ', _) => false,
            (last, letter) => !is_wide(last) && !is_wide(letter),
        };
        match pieces.last_mut() {
            Some(piece) if clings => piece.push(letter),
            _ => pieces.push(letter.to_string()),
        }
        last = letter;
    }
    pieces
}

/// No line ends with these.
const OPENS: &str = "([「『（<";
/// No line begins with these.
const CLINGS: &str = "、。，．・」』）)]>.,:;!?ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…～";

fn is_wide(letter: char) -> bool {
    letter >= '\u{2e80}'
}

#[cfg(test)]
mod tests {
    use watchpost_proto::catalogue::Language as ProtocolLanguage;
    use watchpost_proto::catalogue::explain;

    use super::*;

    #[test]
    fn english_breaks_at_spaces_and_long_words_stay_whole() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("one incomprehensibilities two", 10), ["one", "incomprehensibilities", "two"]);
        assert_eq!(broken("", 10), [""]);
    }

    #[test]
    fn japanese_breaks_anywhere_but_before_what_clings() {
        assert_eq!(broken("印を付けます。", 6), ["印を付", "けま", "す。"]);
        assert_eq!(broken("あ「い」う", 5), ["あ", "「い」", "う"]);
        assert_eq!(broken("応答は +OK です。", 11), ["応答は +OK", "です。"]);
        assert_eq!(broken("サーバー", 4), ["サー", "バー"]);
    }

    #[test]
    fn no_line_of_any_lesson_is_wider_than_the_page() {
        for language in [ProtocolLanguage::English, ProtocolLanguage::Japanese] {
            for lesson in explain::all() {
                for columns in [40, 60, 80, 132] {
                    for line in hanging("  ", lesson.text.text(language), columns) {
                        assert!(line.width() <= columns, "{columns}: {line}");
                    }
                }
            }
        }
    }

    #[test]
    fn breaking_loses_nothing() {
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        for lesson in explain::all() {
            for text in [lesson.text.english, lesson.text.japanese] {
                assert_eq!(bare(&broken(text, 50).join("")), bare(text));
            }
        }
    }
}
