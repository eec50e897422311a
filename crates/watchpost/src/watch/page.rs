//! Tables and lines that fit a terminal: a Japanese character takes two columns.

pub(super) use crate::i18n::grouped;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

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

/// The text in lines of this width at most, broken at spaces, or anywhere between wide characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in pieces(text) {
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

/// Words with the spaces behind them; each wide character is a word, with the mark that may not begin a line.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        let end = place + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let wide = character.width() == Some(2) || next.is_some_and(|next| next.width() == Some(2));
        let stuck = next.is_some_and(|next| "、。」）・ー！？".contains(next)) || "「（".contains(character);
        let breaks = character == ' ' && next != Some(' ') || wide && !stuck;
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
        assert_eq!(wrapped("", 7), [""]);
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!([0, 1023, 1024, 1_572_864].map(octets), ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
        assert_eq!(sparkline(&[0, 1, 4, 8]), "▁▂▅█");
    }
}
