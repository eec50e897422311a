//! Where passwords come from: a generator, a prompt, standard input.

use std::io::{self, BufRead};

use watchpost_proto::Password;
use zeroize::Zeroizing;

use crate::question;

/// Letters and digits that are not mistaken for one another: 32, so that five random bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Sixteen characters in groups of four: 80 random bits, easy to read out and to type.
pub fn generate() -> anyhow::Result<Zeroizing<String>> {
    let mut random = Zeroizing::new([0_u8; 16]);
    aws_lc_rs::rand::fill(&mut *random).map_err(|_| anyhow::anyhow!("cannot draw random numbers"))?;
    let mut password = Zeroizing::new(String::with_capacity(19));
    for (place, octet) in random.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            password.push('-');
        }
        password.push(char::from(ALPHABET[usize::from(octet % 32)]));
    }
    Ok(password)
}

/// The first line of standard input, without its end.
pub fn from_standard_input() -> io::Result<Password> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    Ok(Password::new(line.trim_end_matches(['\r', '\n']).as_bytes()))
}

/// Asks twice on the terminal, without echo. `None`: the answers differ.
pub fn from_terminal(first: &str, again: &str) -> io::Result<Option<Password>> {
    let (password, repeated) = (question::ask(first)?, question::ask(again)?);
    Ok((password.expose() == repeated.expose()).then_some(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_readable_and_differ() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert_ne!(*one, *two);
        for password in [one, two] {
            let groups: Vec<&str> = password.split('-').collect();
            assert_eq!(groups.len(), 4);
            assert!(groups.iter().all(|group| group.len() == 4 && group.bytes().all(|o| ALPHABET.contains(&o))));
        }
    }
}
