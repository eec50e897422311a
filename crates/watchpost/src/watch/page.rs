//! Tables and lines that fit a terminal: a Japanese character takes two columns.

pub(super) use crate::i18n::grouped;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// The text with spaces behind it, to this width.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The text, cut to a width; what is missing is an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// The text in lines of this width at most, broken at spaces, or in Japanese where a phrase begins.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let fitting = |piece| if UnicodeWidthStr::width(piece) > width { halves(piece, width) } else { vec![piece] };
    for word in pieces(text).into_iter().flat_map(fitting) {
        if !line.is_empty() && line.width() + word.trim_end().width() > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        line.push_str(word);
    }
    let line = line.trim_end();
    if !line.is_empty() || lines.is_empty() {
        lines.push(line.to_owned());
    }
    lines
}

/// A piece that no line holds, cut where it must be.
fn halves(mut piece: &str, width: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    while piece.width() > width {
        let mut used = 0;
        let fits = piece.char_indices().find(|(_, character)| {
            used += character.width().unwrap_or(0);
            used > width
        });
        let Some((end, _)) = fits.filter(|(end, _)| *end > 0 && piece.chars().any(|one| one.width() == Some(2))) else {
            break;
        };
        let (part, rest) = piece.split_at(end);
        parts.push(part);
        piece = rest;
    }
    parts.push(piece);
    parts
}

/// Words with the spaces behind them. A Japanese phrase begins with a kanji or a word in katakana and goes on with the
/// hiragana behind it; marks stick to what they stand at, and counters to their numbers.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        let end = place + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let wide = character.width() == Some(2) || next.is_some_and(|next| next.width() == Some(2));
        let stuck = next.is_none_or(|next| is_stuck(character, next));
        let counter = character == ' '
            && text[..place].ends_with(|before: char| before.is_ascii_digit())
            && next.is_some_and(|next| next.width() == Some(2));
        let breaks = character == ' ' && next != Some(' ') && !counter || wide && character != ' ' && !stuck;
        if breaks {
            pieces.push(&text[start..end]);
            start = end;
        }
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// Whether no line may end between these two.
fn is_stuck(one: char, next: char) -> bool {
    let is_hiragana = |character: char| ('\u{3041}'..='\u{309f}').contains(&character);
    let is_katakana = |character: char| ('\u{30a0}'..='\u{30ff}').contains(&character);
    let is_kanji = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let is_latin = |character: char| character.is_ascii_graphic();
    "、。」）・ー！？,.:;)]".contains(next)
        || "「（([".contains(one)
        || next == ' '
        || is_hiragana(next)
        || is_katakana(one) && is_katakana(next)
        || is_kanji(one) && is_kanji(next)
        || one.is_ascii_digit() && !is_latin(next)
}

/// The same without the columns that can be spared, the first of these first, until it fits.
pub(super) fn fitting_table(headings: &[String], rows: &[Vec<String>], columns: usize, spared: &[usize]) -> String {
    let (mut headings, mut rows) = (headings.to_vec(), rows.to_vec());
    let mut gone: Vec<usize> = Vec::new();
    for column in spared {
        if width(&headings, &rows) <= columns {
            break;
        }
        let place = column - gone.iter().filter(|earlier| *earlier < column).count();
        headings.remove(place);
        for row in &mut *rows {
            row.remove(place);
        }
        gone.push(*column);
    }
    table(&headings, &rows, columns)
}

/// How wide a table is.
fn width(headings: &[String], rows: &[Vec<String>]) -> usize {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.width()));
        cells.chain([headings[column].width()]).max().unwrap_or(0)
    };
    (0..headings.len()).map(|column| widest(column) + 2).sum::<usize>().saturating_sub(2)
}

/// Rows under headings, each column as wide as its widest cell; the last is cut at the edge of the terminal.
pub(super) fn table(headings: &[String], rows: &[Vec<String>], columns: usize) -> String {
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.width()));
            cells.chain([headings[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let mut text = String::new();
        for (place, cell) in cells.iter().enumerate() {
            if place + 1 == cells.len() {
                text.push_str(&cut(cell, columns.saturating_sub(text.width()).max(12)));
            } else {
                text.push_str(&padded(cell, widths[place] + 2));
            }
        }
        text.trim_end().to_owned()
    };
    std::iter::once(line(headings)).chain(rows.iter().map(|row| line(row))).collect::<Vec<_>>().join("\n")
}

/// Eight heights in one line.
pub(super) fn sparkline(counts: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &u64| {
        let height = (count * 7).div_ceil(most);
        BARS[usize::try_from(height).unwrap_or(7).min(7)]
    };
    counts.iter().map(bar).collect()
}

/// Octets with their unit.
pub(super) fn octets(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut tenths = number.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_two_columns() {
        assert_eq!(padded("ゆき", 6), "ゆき  ");
        assert_eq!(cut("ゆきだるま", 7), "ゆきだ…");
        assert_eq!(cut("alice", 5), "alice");
        assert!(wrapped("パスワードが違うため、ログインできませんでした。", 20).iter().all(|line| line.width() <= 20));
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrapped("32 個の名前に対して 98 回の推測がありました。オクテットを送りました。", 20),
            ["32 個の名前に対して", "98 回の", "推測がありました。", "オクテットを", "送りました。"]
        );
        assert!(wrapped("あいうえおかきくけこさしすせそ", 10).iter().all(|line| line.width() <= 10));
        assert_eq!(wrapped("", 7), [""]);
    }

    #[test]
    fn a_table_spares_columns_until_it_fits() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let (headings, rows) = (row(["ONE", "TWO", "THREE"]), [row(["1", "22222222", "3"])]);
        assert!(fitting_table(&headings, &rows, 80, &[1]).contains("22222222"));
        assert_eq!(fitting_table(&headings, &rows, 12, &[1, 0]), "ONE  THREE\n1    3");
        assert_eq!(fitting_table(&headings, &rows, 5, &[1, 0]), "THREE\n3");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!([0, 1023, 1024, 1_572_864].map(octets), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
        assert_eq!(sparkline(&[0, 1, 4, 8]), "▁▂▅█");
    }
}
