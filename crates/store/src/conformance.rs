//! The laws that every store obeys, for stores here and elsewhere: [`run`] checks them one by one, [`machine::run`] any
//! order of what can happen.

pub mod machine;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::AsyncReadExt;
use watchpost_proto::{Extent, Listing, Octets, Outcome, UniqueId};

use crate::{Delivery, Maildrop, OpenError, Store, User, UserName};

/// Runs every law against a fresh, empty store from `factory`.
///
/// # Panics
/// When the store breaks one: the message names the law.
pub async fn run<S: Store>(mut factory: impl FnMut() -> S) {
    a_maildrop_without_mail_is_empty(&factory()).await;
    listed_sizes_are_what_is_delivered(&factory()).await;
    stored_octets_come_back_unchanged(&factory()).await;
    a_message_knows_when_it_came(&factory()).await;
    numbers_follow_arrival_and_deliveries_stay_invisible(&factory()).await;
    unique_ids_are_distinct_and_persist(&factory()).await;
    dropping_removes_nothing(&factory()).await;
    update_removes_exactly_the_marked(&factory()).await;
    unique_ids_are_never_used_again(&factory()).await;
    one_session_holds_a_maildrop(&factory()).await;
    a_dropped_delivery_leaves_nothing(&factory()).await;
    every_recipient_gets_the_message(&factory()).await;
}

/// The messages that sizes and line ends go wrong with (P-162).
pub fn hostile_messages() -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = [
        b"".as_slice(),
        b"\n",
        b"\r",
        b"\r\n",
        b".",
        b"..\r\n.\r\n",
        b"Subject: no last line end\r\n\r\nlast",
        b"Subject: bare LF\n\none\ntwo\n",
        b"Subject: bare CR\r\rone\rtwo\r",
        b"Subject: all of them\r\n\none\rtwo\r\r\nthree\n\r",
        b"Subject: NUL\r\n\r\n\0one\0\0two\0",
        b"Subject: dots\r\n\r\n.\r\n..\r\n.one\r\n. \r\n",
        b"Subject: header only\r\n",
        b"Subject: header only, no line end",
        b"Subject: =8-bit\r\n\r\n\xff\xfe\x80\r\n",
    ]
    .map(<[u8]>::to_vec)
    .into();
    messages.push([b"Subject: one long line\r\n\r\n".as_slice(), &vec![b'x'; 1 << 20]].concat());
    messages.push(b"Subject: many dots\n\n.\n..\n".repeat(20_000));
    // Line ends on both sides of where readers cut.
    messages.push([vec![b'y'; (64 << 10) - 1].as_slice(), b"\r\n.\r\n", &vec![b'\n'; 64 << 10]].concat());
    messages
}

/// A user of this name.
pub fn user(name: &str) -> User {
    User::new(UserName::parse(name.as_bytes(), "example.org").expect("tests give legal names"))
}

/// Delivers one message to one user.
pub async fn deliver<S: Store>(store: &S, user: &User, message: &[u8]) -> UniqueId {
    let mut delivery = store.deliver().await.expect("a delivery begins");
    // Cut anywhere: a store must not care.
    for chunk in message.chunks(7_001) {
        delivery.write(chunk).await.expect("a delivery takes what is written");
    }
    let mut results = delivery.commit(std::slice::from_ref(user)).await;
    assert_eq!(results.len(), 1, "one result per recipient");
    results.remove(0).expect("a delivery succeeds")
}

/// Opens a maildrop that nobody holds.
pub async fn open<S: Store>(store: &S, user: &User) -> S::Maildrop {
    store.open(user).await.expect("the maildrop opens")
}

/// A message as it is stored, and the size that came with it.
pub async fn read<M: Maildrop>(maildrop: &M, index: usize) -> (Octets, Vec<u8>) {
    let mut message = maildrop.read(index).await.expect("the message opens");
    let mut stored = Vec::new();
    message.body.read_to_end(&mut stored).await.expect("the message can be read to its end");
    (message.sizes.stored, stored)
}

/// What a client has after it has received the message and taken the dot-stuffing away.
pub fn received(stored: &[u8]) -> Vec<u8> {
    let mut stuffer = watchpost_proto::DotStuffer::new(Extent::Whole);
    let mut wire = Vec::new();
    stuffer.push(stored, &mut wire);
    stuffer.finish(&mut wire);
    let body = wire.strip_suffix(b".\r\n").expect("a message ends with a dot");
    let lines = body.split_inclusive(|octet| *octet == b'\n');
    lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
}

/// All unique-ids by number.
pub fn unique_ids(listing: &Listing) -> Vec<String> {
    (0..listing.len()).map(|index| listing.unique_id(index).to_owned()).collect()
}

fn removing(removed: &[usize]) -> Outcome {
    Outcome { removed: removed.to_vec(), seen: Vec::new() }
}

async fn a_maildrop_without_mail_is_empty<S: Store>(store: &S) {
    let maildrop = open(store, &user("empty")).await;
    assert!(maildrop.listing().is_empty(), "a maildrop without mail is empty");
    assert_eq!(maildrop.listing().total(), Octets(0), "an empty maildrop has no octets");
    maildrop.update(Outcome::default()).await.expect("nothing is easily removed");
}

/// P-162, P-163
async fn listed_sizes_are_what_is_delivered<S: Store>(store: &S) {
    let user = user("sizes");
    let messages = hostile_messages();
    for message in &messages {
        deliver(store, &user, message).await;
    }
    let maildrop = open(store, &user).await;
    let listing = Arc::clone(maildrop.listing());
    assert_eq!(listing.len(), messages.len(), "every delivered message is listed");
    for index in 0..listing.len() {
        let (octets, stored) = read(&maildrop, index).await;
        assert_eq!(listing.octets(index), octets, "LIST and RETR say the same of message {index} (P-162)");
        assert_eq!(octets, Octets(received(&stored).len() as u64), "a size is what is received (P-162)");
    }
}

/// P-165
async fn stored_octets_come_back_unchanged<S: Store>(store: &S) {
    let user = user("unchanged");
    let messages = hostile_messages();
    for message in &messages {
        deliver(store, &user, message).await;
    }
    let maildrop = open(store, &user).await;
    for (index, message) in messages.iter().enumerate() {
        assert!(read(&maildrop, index).await.1 == *message, "message {index} comes back unchanged (P-165)");
    }
}

/// Rule H4 of the observatory asks how old a message is that is fetched. A file system's clock may lag a tick behind.
async fn a_message_knows_when_it_came<S: Store>(store: &S) {
    let user = user("arrived");
    let before = SystemTime::now() - Duration::from_secs(1);
    deliver(store, &user, b"Subject: new\r\n\r\n").await;
    let Ok(message) = open(store, &user).await.read(0).await else { panic!("a message that was delivered is read") };
    let after = SystemTime::now() + Duration::from_secs(1);
    assert!((before..after).contains(&message.arrived), "{:?}", message.arrived);
}

/// P-065, P-066, P-067
async fn numbers_follow_arrival_and_deliveries_stay_invisible<S: Store>(store: &S) {
    let user = user("numbers");
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(deliver(store, &user, format!("Subject: {number}\r\n\r\n").as_bytes()).await.to_string());
    }
    let maildrop = open(store, &user).await;
    assert_eq!(unique_ids(maildrop.listing()), ids, "numbers follow the arrival (P-067)");
    let late = deliver(store, &user, b"Subject: late\r\n\r\n").await;
    assert_eq!(unique_ids(maildrop.listing()), ids, "a delivery is invisible to an open session (P-065, P-066)");
    assert!(read(&maildrop, 7).await.1.starts_with(b"Subject: 7\r\n"), "a number keeps its message (P-066)");
    drop(maildrop);
    ids.push(late.to_string());
    assert_eq!(unique_ids(open(store, &user).await.listing()), ids, "the next session sees it, last (P-065, P-067)");
}

/// P-180, P-181, P-183, P-184
async fn unique_ids_are_distinct_and_persist<S: Store>(store: &S) {
    let user = user("ids");
    for _ in 0..3 {
        deliver(store, &user, b"Subject: the same\r\n\r\n").await;
    }
    let ids = unique_ids(open(store, &user).await.listing());
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2], "copies have ids of their own (P-183)");
    for id in &ids {
        assert!((16..=40).contains(&id.len()), "an id has 16 to 40 characters (P-184)");
        assert!(id.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit()), "plain ones (P-184)");
    }
    let maildrop = open(store, &user).await;
    assert_eq!(unique_ids(maildrop.listing()), ids, "ids outlive a session without QUIT (P-181)");
    let outcome = Outcome { removed: vec![1], seen: vec![0, 2] };
    maildrop.update(outcome).await.expect("a message is removed");
    let left = unique_ids(open(store, &user).await.listing());
    assert_eq!(left, [ids[0].clone(), ids[2].clone()], "ids outlive QUIT and flags (P-181)");
}

/// RFC 1939 §6; P-012
async fn dropping_removes_nothing<S: Store>(store: &S) {
    let user = user("drop");
    for number in 0..3 {
        deliver(store, &user, format!("Subject: {number}\r\n\r\n").as_bytes()).await;
    }
    let maildrop = open(store, &user).await;
    let before = unique_ids(maildrop.listing());
    read(&maildrop, 0).await;
    drop(maildrop);
    let after = unique_ids(open(store, &user).await.listing());
    assert_eq!(after, before, "a session without QUIT removes nothing (P-012)");
}

/// P-190
async fn update_removes_exactly_the_marked<S: Store>(store: &S) {
    let user = user("update");
    for number in 0..6 {
        deliver(store, &user, format!("Subject: {number}\r\n\r\n").as_bytes()).await;
    }
    let maildrop = open(store, &user).await;
    let before = unique_ids(maildrop.listing());
    maildrop.update(removing(&[0, 3, 5])).await.expect("messages are removed");
    let maildrop = open(store, &user).await;
    let left = [1, 2, 4].map(|index: usize| before[index].clone());
    assert_eq!(unique_ids(maildrop.listing()), left, "QUIT removes what is marked, no more and no less (P-190)");
    maildrop.update(removing(&[0, 1, 2])).await.expect("messages are removed");
    assert!(open(store, &user).await.listing().is_empty(), "QUIT can remove everything (P-190)");
}

/// P-182
async fn unique_ids_are_never_used_again<S: Store>(store: &S) {
    let user = user("again");
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(deliver(store, &user, b"Subject: again\r\n\r\n").await);
        open(store, &user).await.update(removing(&[0])).await.expect("the message is removed");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "an id is never used again (P-182)");
}

/// RFC 1939 §4; P-061, P-064
async fn one_session_holds_a_maildrop<S: Store>(store: &S) {
    let (user, other) = (user("lock"), user("other"));
    deliver(store, &user, b"Subject: one\r\n\r\n").await;
    let maildrop = open(store, &user).await;
    assert!(matches!(store.open(&user).await, Err(OpenError::InUse)), "a second session is refused (P-061)");
    drop(open(store, &other).await);
    assert!(matches!(store.open(&user).await, Err(OpenError::InUse)), "a refusal does not free the lock (P-061)");
    drop(maildrop);
    open(store, &user).await.update(removing(&[0])).await.expect("the lock ends with its session (P-064)");
    drop(open(store, &user).await);
}

async fn a_dropped_delivery_leaves_nothing<S: Store>(store: &S) {
    let user = user("given-up");
    let mut delivery = store.deliver().await.expect("a delivery begins");
    delivery.write(&vec![b'x'; 1 << 20]).await.expect("a delivery takes what is written");
    drop(delivery);
    assert!(open(store, &user).await.listing().is_empty(), "a dropped delivery leaves nothing");
}

/// RFC 2033 §4.2
async fn every_recipient_gets_the_message<S: Store>(store: &S) {
    let users = [user("one"), user("two"), user("three")];
    for message in [b"Subject: small\r\n\r\n".to_vec(), vec![b'x'; 1 << 20]] {
        let mut delivery = store.deliver().await.expect("a delivery begins");
        delivery.write(&message).await.expect("a delivery takes what is written");
        let results = delivery.commit(&users).await;
        assert_eq!(results.len(), 3, "one result per recipient");
        for (user, result) in users.iter().zip(results) {
            let id = result.expect("a delivery succeeds");
            let maildrop = open(store, user).await;
            assert_eq!(maildrop.listing().unique_id(0), id.as_str(), "the result names the message");
            assert!(read(&maildrop, 0).await.1 == message, "every recipient gets the message");
            maildrop.update(removing(&[0])).await.expect("one recipient removes its own copy alone");
        }
    }
}
