//! Sizes as people write them: `64KiB`, `2GiB`.

use super::check::Check;
use super::error::quoted;

const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// A size that can be set.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// The whole key: `capture.memory_max`.
    pub(super) key: &'static str,
    pub(super) default: u64,
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Size {
    /// What was written, if it lies within; else a complaint, and the default.
    pub(super) fn check(self, check: &mut Check<'_>, written: Option<&str>) -> u64 {
        let Some(written) = written else { return self.default };
        match parse_size(written) {
            Some(size) if (self.least..=self.most).contains(&size) => size,
            _ => {
                let name = self.key.rsplit_once('.').map_or(self.key, |(_, name)| name);
                let message = format!("{name} cannot be {}", quoted(written));
                let (least, most, default) = (size_text(self.least), size_text(self.most), size_text(self.default));
                let help = format!("write a size from \"{least}\" to \"{most}\" with its unit: \"{default}\"");
                check.refuse(self.key, &message, &help);
                self.default
            }
        }
    }
}

/// Reads `512MiB`.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let (unit, octets) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
    number.checked_mul(*octets)
}

/// Writes a size so that [`parse_size`] reads the same again: what is written is whole units.
pub(super) fn size_text(size: u64) -> String {
    let unit = UNITS.iter().find(|(_, octets)| size.is_multiple_of(*octets));
    let (unit, octets) = unit.copied().unwrap_or(("KiB", 1 << 10));
    format!("{}{unit}", size / octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_its_unit() {
        assert_eq!(parse_size("2GiB"), Some(2 << 30));
        assert_eq!(parse_size("512 MiB"), Some(512 << 20));
        for wrong in ["", "2", "GiB", "2GB", "-1GiB", "1.5GiB", "99999999999999999999GiB", "18446744073709551615TiB"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
        for size in [64 << 10, 2 << 30, 512 << 20, 1 << 40, 1537 << 20] {
            assert_eq!(parse_size(&size_text(size)), Some(size));
        }
    }
}
