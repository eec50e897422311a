//! The numbers that an operator can turn: what each is, and how far it can be turned.
//!
//! A struct made with `dials!` has its defaults beside their reasons and its bounds beside both, so that the
//! configuration, its reference page and `watchpost rules list` need no list of their own. What a threshold counts is
//! remembered in bounded memory: no bound is higher than what that holds, so that no rule can be turned off by accident.

use serde_json::{Map, Value};

use crate::rules::Thresholds;
use crate::score::{Ladder, Weights};
use crate::settings::{Capacity, Settings};

/// Declares a struct of numbers: default, bounds and reason of each stand together.
macro_rules! dials {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, in $least:literal..=$most:literal;)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// What can be turned here, in the order of the fields.
            pub const DIALS: &[crate::dial::Dial] = &[$(crate::dial::Dial {
                key: stringify!($field),
                about: concat!($($doc, "\n"),+),
                of: stringify!($type),
                least: $least,
                most: $most,
            },)*];
        }
    };
}

pub(crate) use dials;

/// A number that can be turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dial {
    /// Its name, in the configuration too.
    pub key: &'static str,
    pub(crate) about: &'static str,
    pub(crate) of: &'static str,
    /// The least it can be.
    pub least: f64,
    /// The most it can be.
    pub most: f64,
}

/// What sort of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Any number: a weight, a score, a share.
    Number,
    /// A whole number: a count.
    Count,
    /// Seconds.
    Time,
}

impl Dial {
    /// What sort of number it is.
    pub fn unit(&self) -> Unit {
        match self.of {
            "f32" => Unit::Number,
            "Seconds" => Unit::Time,
            _ => Unit::Count,
        }
    }

    /// What it is for, in one paragraph.
    pub fn about(&self) -> String {
        self.about.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Dials that stand together.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Its table within the settings: `weights`, or `rules.B1`.
    pub table: &'static str,
    /// Its dials.
    pub dials: &'static [Dial],
}

/// Every dial there is, rules first.
pub fn panels() -> impl Iterator<Item = Panel> {
    let others = [("weights", Weights::DIALS), ("ladder", Ladder::DIALS), ("capacity", Capacity::DIALS)];
    let others = others.into_iter().map(|(table, dials)| Panel { table, dials });
    Thresholds::PANELS.iter().copied().chain(others)
}

impl Settings {
    /// Where every dial stands: by table and key. Numbers are written as people write them: 0.9, not 0.899999.
    pub fn dialled(&self) -> Dialled {
        let text = serde_json::to_string(self).expect("settings are numbers and texts, which JSON always holds");
        Dialled(serde_json::from_str(&text).expect("it has just been written"))
    }

    /// The same settings with these dials turned. `None`: one of the values is no number of its kind.
    #[must_use]
    pub fn turned(&self, turned: &[(&Panel, &Dial, f64)]) -> Option<Self> {
        let Dialled(mut values) = self.dialled();
        for (panel, dial, value) in turned {
            let place = table_of(&mut values, panel.table)?.get_mut(dial.key)?;
            *place = match dial.unit() {
                Unit::Number => Value::from(*value),
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked on the same line")]
                Unit::Count | Unit::Time => {
                    (value.fract() == 0.0 && (0.0..9e15).contains(value)).then(|| Value::from(*value as u64))?
                }
            };
        }
        serde_json::from_value(values).ok()
    }
}

fn table_of<'a>(values: &'a mut Value, table: &str) -> Option<&'a mut Map<String, Value>> {
    table.split('.').try_fold(values, |values, name| values.get_mut(name))?.as_object_mut()
}

/// Where every dial stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialled(Value);

impl Dialled {
    /// Where this one stands.
    pub fn value(&self, panel: &Panel, dial: &Dial) -> f64 {
        let table = panel.table.split('.').fold(&self.0, |values, name| &values[name]);
        table[dial.key].as_f64().unwrap_or_default()
    }

    /// Whether this one stands elsewhere than there.
    pub fn differs(&self, other: &Self, panel: &Panel, dial: &Dial) -> bool {
        self.value(panel, dial).to_bits() != other.value(panel, dial).to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_lies_within_its_bounds_and_every_dial_can_be_turned() {
        let settings = Settings::default();
        let dialled = settings.dialled();
        let mut count = 0;
        for panel in panels() {
            assert!(!panel.dials.is_empty(), "{}", panel.table);
            for dial in panel.dials {
                let value = dialled.value(&panel, dial);
                let name = format!("{}.{}", panel.table, dial.key);
                assert!((dial.least..=dial.most).contains(&value), "{name} = {value}");
                assert!(!dial.about().is_empty() && dial.least < dial.most, "{name}");
                for bound in [dial.least, dial.most] {
                    let turned = settings.turned(&[(&panel, dial, bound)]).expect("a bound is a number of its kind");
                    let now = turned.dialled().value(&panel, dial);
                    assert!((now - bound).abs() <= bound.abs() * 1e-6, "{name} is {now}, not {bound}");
                }
                count += 1;
            }
        }
        let all = serde_json::to_string(&settings).expect("settings are written");
        let numbers: usize = ["weights", "ladder", "capacity", "rules"]
            .iter()
            .map(|table| leaves(&serde_json::from_str::<Value>(&all).expect("and read")[table]))
            .sum();
        assert_eq!(count, numbers, "a number of the settings has no dial");
        assert!(settings.turned(&[(&Panel { table: "nowhere", dials: &[] }, &Weights::DIALS[0], 1.0)]).is_none());
    }

    fn leaves(value: &Value) -> usize {
        value.as_object().map_or(1, |table| table.values().map(leaves).sum())
    }

    #[test]
    fn a_count_is_a_whole_number_and_a_share_reads_as_it_was_written() {
        let settings = Settings::default();
        let panel = panels().find(|panel| panel.table == "rules.H2").expect("a rule");
        let dial = |key: &str| panel.dials.iter().find(|dial| dial.key == key).expect("a dial");
        assert!(settings.turned(&[(&panel, dial("messages"), 2.5)]).is_none());
        let turned = settings.turned(&[(&panel, dial("share"), 0.7)]).expect("a share");
        assert!((turned.dialled().value(&panel, dial("share")) - 0.7).abs() < f64::EPSILON);
    }
}
