//! Moments as people say them, and as they read them: in the zone of this machine. Stored times are UTC.

use std::time::SystemTime;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::friendly::SpanParser;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};
use watchpost_observatory::journal::Micros;

/// Not a moment that anybody here understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAMoment(pub String);

/// The zone of whoever reads.
#[derive(Clone, Debug)]
pub struct Reckoning {
    now: ZonedDateTime,
}

impl Reckoning {
    /// Reckons from this moment, in the zone of this machine.
    pub fn new(now: SystemTime) -> Self {
        Self::within(now, TimeZone::system())
    }

    /// Reckons from this moment, in this zone.
    pub fn within(now: SystemTime, zone: TimeZone) -> Self {
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(zone);
        Self { now }
    }

    /// The moment it reckons from.
    pub fn now(&self) -> Micros {
        Micros(self.now.timestamp().as_microsecond())
    }

    /// What somebody means by `24h`, `7d`, `2026-11-23`, `2026-11-23T20:00`, `20:00` (the last one), `today`,
    /// `yesterday`, `yesterday-20:00` or `now`.
    pub fn moment(&self, text: &str) -> Result<Micros, NotAMoment> {
        let text = text.trim();
        let found =
            self.day_word(text).or_else(|| self.clock(text)).or_else(|| self.date(text)).or_else(|| self.ago(text));
        let found = found.filter(|moment| moment.as_microsecond() >= 0);
        found.map(|moment| Micros(moment.as_microsecond())).ok_or_else(|| NotAMoment(text.to_owned()))
    }

    fn of_civil(&self, moment: DateTime) -> Option<Timestamp> {
        moment.to_zoned_datetime(self.now.time_zone().clone()).ok().map(|moment| moment.timestamp())
    }

    fn day_word(&self, text: &str) -> Option<Timestamp> {
        let lower = text.to_ascii_lowercase();
        if lower == "now" {
            return Some(self.now.timestamp());
        }
        let (day, time) = lower.split_once('-').map_or((lower.as_str(), None), |(day, time)| (day, Some(time)));
        let date = match day {
            "today" => self.now.date(),
            "yesterday" => self.now.date().yesterday().ok()?,
            _ => return None,
        };
        let time = time.map_or(Some(Time::midnight()), time_of_day)?;
        self.of_civil(date.to_datetime(time))
    }

    /// The last time it was so late.
    fn clock(&self, text: &str) -> Option<Timestamp> {
        let time = time_of_day(text)?;
        let today = self.of_civil(self.now.date().to_datetime(time))?;
        if today <= self.now.timestamp() {
            return Some(today);
        }
        self.of_civil(self.now.date().yesterday().ok()?.to_datetime(time))
    }

    fn date(&self, text: &str) -> Option<Timestamp> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment);
        }
        if let Ok(date) =
            text.parse::<Date>().or_else(|error| if text.len() == 10 { Err(error) } else { Date::strptime("%F", text) })
            && text.len() <= 10
        {
            return self.of_civil(date.to_datetime(Time::midnight()));
        }
        text.parse::<DateTime>().ok().and_then(|moment| self.of_civil(moment))
    }

    fn ago(&self, text: &str) -> Option<Timestamp> {
        let span: Span = SpanParser::new().parse_span(text).ok()?;
        let moment = self.now.checked_sub(span).ok()?.timestamp();
        (moment <= self.now.timestamp()).then_some(moment)
    }

    fn zoned(&self, at: Micros) -> ZonedDateTime {
        let moment = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::MAX);
        moment.to_zoned_datetime(self.now.time_zone().clone())
    }

    /// `2026-11-23 02:14:07`.
    pub fn whole(&self, at: Micros) -> String {
        self.zoned(at).strftime("%F %T").to_string()
    }

    /// `2026-11-23 02:14`, or `02:14` on the day it is.
    pub fn short(&self, at: Micros) -> String {
        let moment = self.zoned(at);
        let form = if moment.date() == self.now.date() { "%H:%M" } else { "%F %H:%M" };
        moment.strftime(form).to_string()
    }

    /// `2026-11-23 02:14`, on whatever day.
    pub fn minute(&self, at: Micros) -> String {
        self.zoned(at).strftime("%F %H:%M").to_string()
    }

    /// `02:14`.
    pub fn clock_of(&self, at: Micros) -> String {
        self.zoned(at).strftime("%H:%M").to_string()
    }
}

/// `20:00` or `20:00:30`.
fn time_of_day(text: &str) -> Option<Time> {
    let form = match text.matches(':').count() {
        1 => "%H:%M",
        2 => "%H:%M:%S",
        _ => return None,
    };
    Time::strptime(form, text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reckoning() -> Reckoning {
        let now: Timestamp = "2026-11-23T07:30:00+09:00".parse().expect("a moment");
        Reckoning::within(Micros(now.as_microsecond()).time(), TimeZone::get("Asia/Tokyo").expect("a zone"))
    }

    #[test]
    fn moments_are_said_in_many_ways() {
        for (said, meant) in [
            ("now", "2026-11-23T07:30:00+09:00"),
            ("24h", "2026-11-22T07:30:00+09:00"),
            ("90m", "2026-11-23T06:00:00+09:00"),
            ("7d", "2026-11-16T07:30:00+09:00"),
            ("2w", "2026-11-09T07:30:00+09:00"),
            ("1d12h", "2026-11-21T19:30:00+09:00"),
            ("today", "2026-11-23T00:00:00+09:00"),
            ("yesterday", "2026-11-22T00:00:00+09:00"),
            ("yesterday-20:00", "2026-11-22T20:00:00+09:00"),
            ("Yesterday-20:00:30", "2026-11-22T20:00:30+09:00"),
            ("06:15", "2026-11-23T06:15:00+09:00"),
            ("20:00", "2026-11-22T20:00:00+09:00"),
            ("2026-11-01", "2026-11-01T00:00:00+09:00"),
            ("2026-11-01T12:34", "2026-11-01T12:34:00+09:00"),
            ("2026-11-01 12:34:56", "2026-11-01T12:34:56+09:00"),
            ("2026-11-01T12:34:56Z", "2026-11-01T12:34:56Z"),
        ] {
            let meant: Timestamp = meant.parse().expect("a moment");
            assert_eq!(reckoning().moment(said), Ok(Micros(meant.as_microsecond())), "{said}");
        }
    }

    #[test]
    fn what_is_no_moment_is_named() {
        for said in
            ["", "soon", "24", "25:00", "yesterday-25:00", "tomorrow", "-3h", "2026-13-01", "1960-01-01", "7d ago x"]
        {
            assert_eq!(reckoning().moment(said), Err(NotAMoment(said.to_owned())));
        }
    }

    #[test]
    fn times_are_read_in_the_zone_of_the_reader() {
        let at = Micros("2026-11-22T17:14:07Z".parse::<Timestamp>().expect("a moment").as_microsecond());
        assert_eq!(reckoning().whole(at), "2026-11-23 02:14:07");
        assert_eq!(reckoning().short(at), "02:14");
        assert_eq!(reckoning().short(Micros(at.0 - 86_400_000_000)), "2026-11-22 02:14");
    }
}
