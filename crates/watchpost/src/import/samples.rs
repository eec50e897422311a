//! The messages that the demo brings along. Each shows one thing about mail or POP3, and says what.

/// The demo's own mail: names and octets, in the order of arrival.
pub fn samples() -> &'static [(&'static str, &'static [u8])] {
    &SAMPLES
}

macro_rules! sample {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../samples/", $name)))
    };
}

static SAMPLES: [(&str, &[u8]); 14] = [
    sample!("01-welcome.eml"),
    sample!("02-youkoso.eml"),
    sample!("03-iso-2022-jp.eml"),
    sample!("04-quoted-printable.eml"),
    sample!("05-two-versions.eml"),
    sample!("06-small-picture.eml"),
    sample!("07-attachments.eml"),
    sample!("08-leading-dots.eml"),
    sample!("09-long-lines.eml"),
    sample!("10-no-final-line-end.eml"),
    sample!("11-crlf.eml"),
    sample!("12-header-only.eml"),
    sample!("13-digest.eml"),
    sample!("14-visitors.eml"),
];
