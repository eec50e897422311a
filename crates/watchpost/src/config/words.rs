//! What is said of words that are none of those that can be: which was meant, and which there are.

use super::error::quoted;

/// What to say of a word that is none of those.
pub(super) fn unknown_word(key: &str, written: &str, known: &[&str]) -> (String, String) {
    let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
    let meant = nearest(written, known.iter().copied());
    let meant = meant.map(|word| format!("did you mean {}? ", quoted(word))).unwrap_or_default();
    let message = format!("{name} cannot be {}", quoted(written));
    (message, format!("{meant}what it can be: {}", listed(known)))
}

/// The word that was probably meant.
pub(super) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are nobody's slip of the finger, and comparing them costs their product.
    const OCTETS_MAX: usize = 64;
    if word.len() > OCTETS_MAX {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let distance = |candidate: &str| {
        let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        if candidate.len() >= 3 && word.starts_with(candidate) { distance.min(1) } else { distance }
    };
    words
        .map(|candidate| (distance(candidate), candidate))
        // Of two letters, another one is another word.
        .filter(|(distance, candidate)| *distance == 0 || candidate.len() > 2)
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Words in a row, as a sentence has them.
pub(super) fn listed(words: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
