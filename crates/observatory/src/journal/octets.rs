//! Numbers and texts as few octets: what blobs are made of.

use watchpost_proto::planted::planted;

/// The octets are not what this version, or any before it, writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record is damaged")]
pub struct Damaged;

/// Appends a number: seven bits an octet, the lowest first.
pub(super) fn put_number(octets: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        octets.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    octets.push(number.to_le_bytes()[0]);
}

/// Appends a number that may lie below zero.
pub(super) fn put_signed(octets: &mut Vec<u8>, number: i64) {
    put_number(octets, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Appends octets behind their count.
pub(super) fn put_octets(octets: &mut Vec<u8>, text: &[u8]) {
    put_number(octets, text.len() as u64);
    octets.extend_from_slice(text);
}

/// Takes octets apart again. Whatever they are, nothing larger than they are is allocated.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn octet(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let bits = u64::from(octet & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Damaged);
            }
            number |= bits << shift;
            if octet < 0x80 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    /// A number that fits a smaller type.
    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Damaged> {
        T::try_from(self.number()?).map_err(|_| Damaged)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Damaged> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn octets(&mut self) -> Result<&'a [u8], Damaged> {
        let count = self.small()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<String, Damaged> {
        String::from_utf8(self.octets()?.to_vec()).map_err(|_| Damaged)
    }
}

/// Numbers in ascending order, each as its distance to the one before.
pub(super) fn ascending(numbers: &[u64]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(numbers.len() * 2);
    let mut last = 0;
    for number in numbers {
        put_number(&mut octets, number.saturating_sub(last));
        last = *number;
    }
    octets
}

/// The numbers again.
pub(super) fn ascended(octets: &[u8]) -> Result<Vec<u64>, Damaged> {
    let mut input = Input::new(octets);
    let mut numbers: Vec<u64> = Vec::new();
    while !input.is_empty() {
        let distance = input.number()?;
        let last = numbers.last().copied().unwrap_or(0);
        numbers.push(last.checked_add(distance).ok_or(Damaged)?);
    }
    if planted("journal.evidence-is-cut") {
        numbers.pop();
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_in_as_few_octets_as_it_needs() {
        for (number, length) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)] {
            let mut octets = Vec::new();
            put_number(&mut octets, number);
            assert_eq!(octets.len(), length, "{number}");
            assert_eq!(Input::new(&octets).number(), Ok(number));
        }
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut octets = Vec::new();
            put_signed(&mut octets, number);
            assert_eq!(Input::new(&octets).signed(), Ok(number));
        }
        assert_eq!(Input::new(&[0xff; 10]).number(), Err(Damaged));
        assert_eq!(Input::new(&[0x80]).number(), Err(Damaged));
        assert_eq!(ascended(&ascending(&[3, 3, 900, 901])), Ok(vec![3, 3, 900, 901]));
    }
}
