//! Durations as people write them: `90s`, `1h30m`.

use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::{Designator, SpanParser, SpanPrinter};

/// The text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotADuration;

/// Reads `90s`, `10m`, `1h30m`, `2d`. A day has 24 hours; a month has no length, and nothing lasts less than nothing.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let span = SpanParser::new().parse_span(text).map_err(|_| NotADuration)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| NotADuration)?;
    Duration::try_from(duration).map_err(|_| NotADuration)
}

/// Writes a duration so that [`parse_duration`] reads the same again.
pub(super) fn duration_text(duration: Duration) -> String {
    SpanPrinter::new()
        .designator(Designator::Compact)
        .spacing(jiff::fmt::friendly::Spacing::None)
        .unsigned_duration_to_string(&duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units() {
        for (text, seconds) in
            [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1.5m", 90), ("10 minutes", 600), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in
            ["", "10", "ten minutes", "-10m", "10m ago", "1mo", "1y", "s", "10m10", "99999999999999999999d", "1x"]
        {
            assert_eq!(parse_duration(wrong), Err(NotADuration), "{wrong:?}");
        }
    }

    #[test]
    fn a_duration_is_written_so_that_it_reads_the_same() {
        for text in ["1ms", "30s", "3m", "10m", "1h 30m", "24h", "1h 0.5s"] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration_text(duration)), Ok(duration), "{text}");
        }
        assert_eq!(duration_text(Duration::from_mins(90)), "1h30m");
        assert_eq!(duration_text(Duration::from_mins(10)), "10m");
    }
}
