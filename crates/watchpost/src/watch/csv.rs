//! Sessions as a table for spreadsheets (RFC 4180), in which no cell is a formula.

use serde_json::Value;

/// The columns: their names, and where they stand in a session's document.
const COLUMNS: [(&str, &str); 22] = [
    ("start", "/event/start"),
    ("id", "/event/id"),
    ("source_ip", "/source/ip"),
    ("source_port", "/source/port"),
    ("country", "/source/geo/country_iso_code"),
    ("as_number", "/source/as/number"),
    ("destination_ip", "/destination/ip"),
    ("destination_port", "/destination/port"),
    ("outcome", "/event/outcome"),
    ("account", "/user/name"),
    ("names_tried", "/watchpost/auth"),
    ("rules", "/watchpost/rules"),
    ("severity", "/event/severity"),
    ("ending", "/watchpost/end_reason"),
    ("state_reached", "/watchpost/state_reached"),
    ("duration_ns", "/event/duration"),
    ("bytes_in", "/source/bytes"),
    ("bytes_out", "/destination/bytes"),
    ("tls_version", "/tls/version"),
    ("tls_server_name", "/tls/client/server_name"),
    ("ja4", "/watchpost/tls/ja4"),
    ("p3f", "/watchpost/p3f"),
];

/// What stands between several things in one cell.
const SEPARATOR: &str = "; ";

/// The first line.
pub(super) fn heading() -> String {
    line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()))
}

/// A session's line.
pub(super) fn row(document: &Value) -> String {
    line(COLUMNS.iter().map(|(_, place)| document.pointer(place).map_or_else(String::new, text)))
}

/// The cells with their commas, and the end of the line as RFC 4180 has it.
fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// What a document holds in one place.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(several) => {
            let mut texts: Vec<String> = several.iter().map(text).collect();
            texts.dedup();
            texts.join(SEPARATOR)
        }
        // Of an attempt, the name.
        Value::Object(map) => map.get("user").map_or_else(String::new, text),
        other => other.to_string(),
    }
}

/// In quotes, so that separators are no separators; behind an apostrophe where a spreadsheet would reckon (S-044).
fn quoted(cell: &str) -> String {
    let cell = cell.replace('"', "\"\"");
    let apostrophe = if may_be_a_formula(&cell) { "'" } else { "" };
    format!("\"{apostrophe}{cell}\"")
}

/// Formulas begin with one of these, wide ones too, and blanks before them help nobody. A cell of several things is
/// split by some programs: none of them may begin so.
fn may_be_a_formula(cell: &str) -> bool {
    let begins = |part: &str| {
        let part = part.trim_start_matches(|character: char| character.is_whitespace() || "\"'".contains(character));
        part.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '|', '%'])
    };
    cell.split([';', ',']).any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_cell_is_a_formula_and_every_separator_is_text() {
        // S-044
        for hostile in ["=1+1", "+1", "-1", "@SUM(1)", " =1", "\u{3000}＝1", "a; =1", "\"=1\"", "=cmd|'/C calc'!A0"] {
            assert!(quoted(hostile).starts_with("\"'"), "{hostile}");
        }
        for harmless in ["alice@example.org", "2026-11-27T03:00:00Z", "t13i1810h0_8503-x", "203.0.113.9", ""] {
            assert_eq!(quoted(harmless), format!("\"{harmless}\""));
        }
        assert_eq!(quoted("a\"b,c\nd"), "\"a\"\"b,c\nd\"");
    }

    #[test]
    fn a_session_is_one_line_of_as_many_cells_as_the_heading() {
        let document = json!({
            "event": { "id": "01", "severity": 3 },
            "watchpost": { "auth": [{ "user": "fax" }, { "user": "fax" }, { "user": "scan" }], "rules": ["B1", "P1"] },
        });
        let row = row(&document);
        assert!(row.ends_with("\r\n") && row.matches("\r\n").count() == 1);
        assert!(row.contains("\"fax; scan\",\"B1; P1\",\"3\""), "{row}");
        assert_eq!(row.matches("\",\"").count(), heading().matches("\",\"").count());
    }
}
