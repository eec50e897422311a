//! Both halves of SCRAM against each other and the examples of the RFCs, and the client session over a server that
//! lies.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::num::NonZeroU32;

use data_encoding::BASE64;
use proptest::prelude::*;
use watchpost_proto::Password;
use watchpost_proto::pop3::client::{Channel, Command, Event, Limits, Session, Violation};
use watchpost_proto::sasl::Initiator;
use watchpost_proto::sasl::scram::{
    Binding, BindingType, ChannelBinding, Offer, ScramClient, ScramError, ScramHash, ScramServer, ScramVerifier,
};

const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

struct Example {
    hash: ScramHash,
    client_nonce: &'static str,
    server_nonce: &'static str,
    salt: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

/// RFC 5802 §5 and RFC 7677 §3: "user" with the password "pencil".
const EXAMPLES: [Example; 2] = [
    Example {
        hash: ScramHash::Sha1,
        client_nonce: "fyko+d2lbbFgONRv9qkxdawL",
        server_nonce: "3rfcNHYJY1ZVvWVs7j",
        salt: "QSXCR+Q6sek8bf92",
        client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    Example {
        hash: ScramHash::Sha256,
        client_nonce: "rOprNGfwEbeRWgbNEkqO",
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
];

fn client(hash: ScramHash, password: &str, binding: Binding) -> ScramClient {
    ScramClient::new(hash, "user", &Password::new(password), "rOprNGfwEbeRWgbNEkqO", binding).unwrap()
}

fn verifier(hash: ScramHash, password: &str) -> ScramVerifier {
    ScramVerifier::derive(hash, &Password::new(password), *b"salt and pepper!", ITERATIONS).unwrap()
}

/// The whole exchange; what the server says of the proof.
fn exchange(client: &mut ScramClient, offer: &Offer, verifier: ScramVerifier) -> Result<(), ScramError> {
    let mut server = ScramServer::begin(verifier.hash, offer, &client.first())?;
    let challenge = server.challenge(verifier, "3rfcNHYJY1ZVvWVs7j");
    let proof = client.respond(&challenge)?;
    assert!(!client.is_verified());
    let signature = server.finish(&proof)?;
    assert_eq!(*client.respond(&signature)?, b"");
    assert!(client.is_verified());
    Ok(())
}

#[test]
fn the_examples_of_the_rfcs_hold_for_both_halves() {
    for example in EXAMPLES {
        let password = Password::new("pencil");
        let salt = BASE64.decode(example.salt.as_bytes()).unwrap();
        let verifier = ScramVerifier::derive(example.hash, &password, salt, ITERATIONS).unwrap();
        let nonce = example.client_nonce;
        let mut client = ScramClient::new(example.hash, "user", &password, nonce, Binding::Unable).unwrap();
        assert_eq!(client.first(), format!("n,,n=user,r={nonce}").into_bytes());
        let mut server = ScramServer::begin(example.hash, &Offer::None, &client.first()).unwrap();
        assert_eq!((server.name(), server.acting_as()), ("user", None));
        let challenge = server.challenge(verifier, example.server_nonce);
        assert_eq!(challenge, format!("r={nonce}{},s={},i=4096", example.server_nonce, example.salt).into_bytes());
        let proof = client.respond(&challenge).unwrap();
        assert_eq!(String::from_utf8_lossy(&proof), example.client_final);
        let signature = server.finish(&proof).unwrap();
        assert_eq!(signature, example.server_final.as_bytes());
        client.respond(&signature).unwrap();
        assert!(client.is_verified());
    }
}

#[test]
fn a_wrong_password_and_a_server_without_the_verifier_are_both_found_out() {
    // C-045
    for hash in [ScramHash::Sha1, ScramHash::Sha256] {
        assert_eq!(
            exchange(&mut client(hash, "pencil", Binding::Unable), &Offer::None, verifier(hash, "pencil")),
            Ok(())
        );
        let wrong = exchange(&mut client(hash, "pencils", Binding::Unable), &Offer::None, verifier(hash, "pencil"));
        assert_eq!(wrong, Err(ScramError::WrongProof));
    }
    for lie in ["v=AAAA", "e=invalid-proof", "r=x", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="] {
        let mut client = client(ScramHash::Sha256, "pencil", Binding::Unable);
        let mut server = ScramServer::begin(ScramHash::Sha256, &Offer::None, &client.first()).unwrap();
        client.respond(&server.challenge(verifier(ScramHash::Sha256, "pencil"), "x")).unwrap();
        assert_eq!(client.respond(lie.as_bytes()).unwrap_err(), ScramError::NotVerified, "{lie}");
        assert!(!client.is_verified());
    }
}

#[test]
fn channel_binding_notices_who_sits_in_between() {
    // C-046; RFC 5802 §6, RFC 9266
    let hash = ScramHash::Sha256;
    let bound = |data: u8| ChannelBinding { kind: BindingType::TlsExporter, data: vec![data; 32] };
    let run = |binding: Binding, offer: Offer| {
        exchange(&mut client(hash, "pencil", binding), &offer, verifier(hash, "pencil"))
    };
    assert_eq!(run(Binding::Bound(bound(1)), Offer::Chosen(bound(1))), Ok(()));
    assert_eq!(run(Binding::Bound(bound(1)), Offer::Chosen(bound(2))), Err(ScramError::Binding));
    let other = ChannelBinding { kind: BindingType::TlsServerEndPoint, data: vec![1; 32] };
    assert_eq!(run(Binding::Bound(other.clone()), Offer::Chosen(other)), Ok(()));
    assert_eq!(run(Binding::NotOffered, Offer::Beside), Err(ScramError::Binding), "somebody hid -PLUS");
    assert_eq!(run(Binding::NotOffered, Offer::None), Ok(()));
    assert_eq!(run(Binding::Unable, Offer::Beside), Ok(()));
    assert_eq!(run(Binding::Unable, Offer::Chosen(bound(1))), Err(ScramError::Binding));
    assert_eq!(run(Binding::Bound(bound(1)), Offer::Beside), Err(ScramError::Binding));
    assert_eq!(client(hash, "x", Binding::Bound(bound(1))).mechanism(), "SCRAM-SHA-256-PLUS");
}

#[test]
fn iteration_counts_and_nonces_of_the_server_are_not_taken_as_they_come() {
    // S-032, RFC 5802 §5.1
    let own = "rOprNGfwEbeRWgbNEkqO";
    for (challenge, error) in [
        (format!("r={own}x,s=QSXCR+Q6sek8bf92,i=4095"), ScramError::Iterations),
        (format!("r={own}x,s=QSXCR+Q6sek8bf92,i=1000001"), ScramError::Iterations),
        (format!("r={own}x,s=QSXCR+Q6sek8bf92,i=4294967297"), ScramError::Iterations),
        (format!("r={own}x,s=QSXCR+Q6sek8bf92,i=0"), ScramError::Iterations),
        (format!("r={own},s=QSXCR+Q6sek8bf92,i=4096"), ScramError::WrongNonce),
        ("r=another,s=QSXCR+Q6sek8bf92,i=4096".into(), ScramError::WrongNonce),
        (format!("m=x,r={own}x,s=QSXCR+Q6sek8bf92,i=4096"), ScramError::Extension),
        (format!("r={own}x,s=!,i=4096"), ScramError::Malformed),
        (format!("r={own}x"), ScramError::Malformed),
        (String::new(), ScramError::Malformed),
    ] {
        let mut client = client(ScramHash::Sha256, "pencil", Binding::Unable);
        assert_eq!(client.respond(challenge.as_bytes()).unwrap_err(), error, "{challenge}");
        assert!(!client.is_verified());
    }
    let prohibited = ScramClient::new(ScramHash::Sha1, "a\u{e000}", &Password::new("x"), own, Binding::Unable);
    assert_eq!(prohibited.unwrap_err(), ScramError::Prohibited);
}

/// A client session that has been told which mechanisms there are.
fn session() -> Session {
    let mut session = Session::new(Limits::default(), Channel::Tls);
    session.input(b"+OK\r\n").unwrap();
    session.submit(&Command::Capa).unwrap();
    let mut wire: &[u8] = b"+OK\r\nSASL SCRAM-SHA-256 PLAIN\r\n.\r\n";
    while !wire.is_empty() {
        wire = &wire[session.input(wire).unwrap().used..];
    }
    session.wrote(session.output().len());
    session
}

fn said(session: &mut Session) -> String {
    let said = String::from_utf8(session.output().to_vec()).unwrap();
    session.wrote(said.len());
    said
}

fn challenge(session: &mut Session, text: &[u8]) -> String {
    let line = format!("+ {}\r\n", BASE64.encode(text));
    assert_eq!(session.input(line.as_bytes()).unwrap().event, None);
    said(session)
}

#[test]
fn a_session_believes_ok_only_when_the_server_has_proved_itself() {
    // C-045, C-042
    let begin = || {
        let mut session = session();
        let scram = client(ScramHash::Sha256, "pencil", Binding::Unable);
        session.authenticate(Initiator::Scram(Box::new(scram))).unwrap();
        let first = said(&mut session);
        let initial = first.strip_prefix("AUTH SCRAM-SHA-256 ").unwrap().trim_end();
        let mut server =
            ScramServer::begin(ScramHash::Sha256, &Offer::None, &BASE64.decode(initial.as_bytes()).unwrap()).unwrap();
        let asked = server.challenge(verifier(ScramHash::Sha256, "pencil"), "x");
        let proof = challenge(&mut session, &asked);
        (session, server.finish(&BASE64.decode(proof.trim_end().as_bytes()).unwrap()).unwrap())
    };
    let (mut session, signature) = begin();
    assert_eq!(challenge(&mut session, &signature), "\r\n");
    assert!(matches!(session.input(b"+OK\r\n").unwrap().event, Some(Event::Done(_, Ok(_)))));
    let (mut session, _) = begin();
    assert_eq!(session.input(b"+OK welcome\r\n"), Err(Violation::NotVerified), "a bare +OK");
    let (mut session, _) = begin();
    assert_eq!(challenge(&mut session, b"v=AAAA"), "*\r\n");
    assert!(matches!(session.input(b"-ERR\r\n").unwrap().event, Some(Event::Done(_, Err(_)))));
}

#[test]
fn what_cannot_be_decoded_is_answered_with_a_star_and_endless_challenges_end() {
    // C-044, C-021
    let mut session = session();
    session.authenticate(Initiator::Plain { name: "a".into(), password: Password::new("b".repeat(250)) }).unwrap();
    assert_eq!(said(&mut session), "AUTH PLAIN\r\n");
    session.input(b"+\r\n").unwrap();
    assert!(said(&mut session).starts_with("AGEAYmJi"));
    session.input(b"+ \xff\xff\r\n").unwrap();
    assert_eq!(said(&mut session), "*\r\n");
    let last = (0..9).find_map(|_| session.input(b"+ \r\n").err());
    assert_eq!(last, Some(Violation::NotVerified));
}

#[test]
fn a_response_of_no_octets_is_an_equals_sign_behind_auth() {
    // C-042, C-009
    let mut session = session();
    session.authenticate(Initiator::External { acting_as: String::new() }).unwrap();
    assert_eq!(said(&mut session), "AUTH EXTERNAL =\r\n");
}

#[test]
fn a_bearer_token_that_is_refused_brings_the_whole_answer() {
    // C-043, C-047: both forms, and what follows a failure.
    let name = "user@example.com".to_owned();
    let token = Password::new("t".repeat(300));
    let mut session = session();
    session.authenticate(Initiator::XOauth2 { name: name.clone(), token: token.clone(), failure: None }).unwrap();
    assert_eq!(said(&mut session), "AUTH XOAUTH2\r\n");
    assert!(challenge(&mut session, b"").len() > 400);
    assert_eq!(challenge(&mut session, br#"{"status":"400"}"#), "\r\n");
    session.input(b"-ERR [AUTH] no\r\n").unwrap();
    for (length, line) in [(300, "AUTH OAUTHBEARER\r\n"), (10, "AUTH OAUTHBEARER bixh")] {
        let token = Password::new("t".repeat(length));
        let bearer = Initiator::OAuthBearer { name: name.clone(), token, host: "h".into(), port: 995, failure: None };
        session.authenticate(bearer).unwrap();
        assert!(said(&mut session).starts_with(line));
        if length == 300 {
            challenge(&mut session, b"");
        }
        assert_eq!(challenge(&mut session, br#"{"status":"invalid_token"}"#), "AQ==\r\n");
        session.input(b"-ERR [AUTH] no\r\n").unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_name_and_password_gets_through_and_no_message_makes_either_half_panic(
        name in "[ -~ぁ-ん]{1,20}", password in "[ -~ぁ-ん]{1,20}", noise in prop::collection::vec(any::<u8>(), 0..60),
        flip in 0_usize..200,
    ) {
        let hash = ScramHash::Sha256;
        let secret = Password::new(password.as_str());
        let Ok(mut client) = ScramClient::new(hash, &name, &secret, "abc", Binding::Unable) else { return Ok(()) };
        let mut server = ScramServer::begin(hash, &Offer::None, &client.first()).unwrap();
        let prepared = watchpost_proto::prepared(name.as_bytes()).unwrap();
        prop_assert_eq!(server.name().as_bytes(), prepared.as_slice());
        let verifier = ScramVerifier::derive(hash, &secret, *b"salt", ITERATIONS).unwrap();
        let challenge = server.challenge(verifier.clone(), "def");
        let mut proof = client.respond(&challenge).unwrap().to_vec();
        let place = flip % proof.len();
        let right = proof[place];
        proof[place] ^= 1;
        prop_assert!(server.finish(&proof).is_err());
        proof[place] = right;
        let _ = ScramServer::begin(hash, &Offer::Beside, &noise);
        let mut lone = ScramServer::begin(hash, &Offer::None, b"n,,n=a,r=b").unwrap();
        lone.challenge(verifier, "c");
        prop_assert!(lone.finish(&noise).is_err());
        prop_assert!(client.respond(&noise).is_err());
    }
}
