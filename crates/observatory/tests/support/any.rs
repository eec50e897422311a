//! Any event whatever.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use proptest::option::of as option;
use proptest::prelude::*;
use proptest::sample::select;
use watchpost_observatory::{
    AccountChange, Answered, Ending, EventKind, Foreign, Hello, Letters, LoginAttempt, LoginMechanism, LoginOutcome,
    MessageFacts, Oddities, PasswordAccounts, PasswordFacts, PasswordLength, Port, SessionSummary, Spoken, SpokenEnd,
    Status, TlsFacts, TlsFailure, Untrusted,
};
use watchpost_proto::Mechanism;
use watchpost_proto::pop3::server::{ForeignProtocol, Notice, Tally};
use watchpost_proto::pop3::{ResponseCode, State, Verb};

fn account_change() -> impl Strategy<Value = AccountChange> {
    use AccountChange::{Disabled, Enabled, Password, Removed};
    select(vec![Password, Disabled, Enabled, Removed])
}

fn endpoint() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![
        (any::<u32>(), any::<u16>()).prop_map(|(address, port)| (Ipv4Addr::from_bits(address), port).into()),
        (any::<u128>(), any::<u16>(), any::<u32>(), any::<u32>()).prop_map(|(address, port, flow, scope)| {
            SocketAddrV6::new(Ipv6Addr::from_bits(address), port, flow, scope).into()
        }),
    ]
}

fn octets() -> impl Strategy<Value = Untrusted> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Untrusted::new),
        "[a-z]{0,12}".prop_map(Untrusted::new),
        Just(Untrusted::new(*b"USER \x1b[2J\xe2\x80\xaealice")),
    ]
}

fn tls() -> impl Strategy<Value = TlsFacts> {
    let version = select(vec!["TLSv1.3", "TLSv1.2"]);
    (version, "[A-Z0-9_]{0,30}", proptest::option::of(octets()), proptest::option::of(octets()), any::<bool>())
        .prop_map(|(version, suite, server_name, alpn, resumed)| TlsFacts {
            version: version.into(),
            suite: suite.into(),
            server_name,
            alpn,
            resumed,
        })
}

fn state() -> impl Strategy<Value = State> {
    select(vec![State::Authorization, State::Transaction, State::Update])
}

fn command() -> impl Strategy<Value = EventKind> {
    let verb = proptest::option::of(select(Verb::ALL.to_vec()));
    let text = prop_oneof![
        octets(),
        select(Verb::ALL.to_vec()).prop_map(|verb| Untrusted::new(format!("{} x", verb.word()))),
        select(Verb::ALL.to_vec()).prop_map(|verb| Untrusted::new(verb.word())),
    ];
    let ends = select(vec![SpokenEnd::CrLf, SpokenEnd::Lf, SpokenEnd::None]);
    let letters = select(vec![Letters::Upper, Letters::Lower, Letters::Mixed]);
    let numbers = (prop_oneof![Just(0), any::<u32>()], 0..200_u32, prop_oneof![Just(0), any::<u16>()]);
    (state(), verb, text, numbers, ends, letters, any::<bool>()).prop_map(
        |(state, verb, text, (hidden, octets, oddities), line_end, letters, pipelined)| {
            let oddities = Oddities(oddities);
            EventKind::Command(Spoken { state, verb, text, hidden, octets, line_end, letters, pipelined, oddities })
        },
    )
}

fn reply() -> impl Strategy<Value = EventKind> {
    let status = select(vec![Status::Ok, Status::Err, Status::Challenge]);
    let code = select(vec![
        ResponseCode::Auth,
        ResponseCode::InUse,
        ResponseCode::LoginDelay,
        ResponseCode::SysTemp,
        ResponseCode::SysPerm,
        ResponseCode::Utf8,
    ]);
    let message = (any::<u32>(), any::<u32>(), any::<bool>())
        .prop_map(|(number, age_seconds, sensitive)| MessageFacts { number, age_seconds, sensitive });
    (status, option(any::<u16>()), option(code), any::<u64>(), option(message)).prop_map(
        |(status, error, code, octets, message)| EventKind::Reply(Answered { status, error, code, octets, message }),
    )
}

fn password() -> impl Strategy<Value = PasswordFacts> {
    use PasswordLength::{Empty, Longer, To5, To8, To11, To15};
    let length = select(vec![Empty, To5, To8, To11, To15, Longer]);
    let accounts = select(vec![PasswordAccounts::One, PasswordAccounts::TwoOrMore, PasswordAccounts::TenOrMore]);
    (any::<u16>(), length, 0..32_u8, any::<[bool; 3]>(), 0..=16_u8, 0..=16_u8, accounts).prop_map(
        |(tag, length, classes, [repeat, common, default], source_passwords, source_accounts, password_accounts)| {
            PasswordFacts {
                tag,
                length,
                classes,
                repeat,
                source_passwords,
                source_accounts,
                password_accounts,
                common,
                default,
            }
        },
    )
}

fn login() -> impl Strategy<Value = EventKind> {
    use LoginOutcome::{Accepted, Disabled, InUse, NotAuthorizedAs, Refused, Unavailable};
    let mut mechanisms = vec![LoginMechanism::User, LoginMechanism::Apop];
    mechanisms.extend(Mechanism::ALL.iter().copied().map(LoginMechanism::Sasl));
    let outcome = select(vec![Accepted, Refused, Disabled, NotAuthorizedAs, InUse, Unavailable]);
    let account = proptest::option::of("[a-z]{0,6}@example[.]org");
    (octets(), account, select(mechanisms), outcome, proptest::option::of(password())).prop_map(
        |(name, account, mechanism, outcome, password)| {
            EventKind::Login(Box::new(LoginAttempt { name, account, mechanism, outcome, password }))
        },
    )
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        any::<usize>().prop_map(|octets| Notice::ClearTextBehindStls { octets }),
        select(vec![
            Notice::HelloBehindStls,
            Notice::ForeignProtocol(ForeignProtocol::Tls),
            Notice::ForeignProtocol(ForeignProtocol::Http),
            Notice::LineTooLong,
            Notice::TooManyBadCommands,
            Notice::TooManyFailedLogins,
            Notice::IdleTimeout,
            Notice::LoginTimeout,
        ]),
    ]
}

fn failure() -> impl Strategy<Value = TlsFailure> {
    use TlsFailure::{Alpn, Closed, NotTls, NothingInCommon, Other, Timeout, Version};
    prop_oneof![
        any::<u8>().prop_map(TlsFailure::PeerAlert),
        select(vec![Version, NothingInCommon, Alpn, NotTls, Closed, Timeout, Other]),
    ]
}

fn foreign() -> impl Strategy<Value = EventKind> {
    use Foreign::{Binary, ClearPop3, Http, Imap, JsonRpc, Rdp, Sip, Smb, Smtp, Socks, Ssh, Text, Tls};
    let language = select(vec![Http, Tls, Smtp, Imap, Ssh, Rdp, Socks, Smb, Sip, JsonRpc, ClearPop3, Text, Binary]);
    (language, octets()).prop_map(|(language, octets)| EventKind::Foreign { language, octets })
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
}

fn closed() -> impl Strategy<Value = EventKind> {
    let ending = select(vec![
        Ending::Quit,
        Ending::Limit,
        Ending::Dropped,
        Ending::PeerClosed,
        Ending::Broken,
        Ending::Timeout,
        Ending::HandshakeFailed,
        Ending::ReadFailed,
        Ending::Shutdown,
        Ending::Refused,
    ]);
    let who = (endpoint(), endpoint(), option(tls()), option("[a-z]{0,6}@example[.]org"), option(state()));
    let tally = (any::<[u64; 5]>(), any::<u32>(), any::<usize>());
    let numbers = (any::<[u32; 2]>(), any::<[u64; 3]>());
    (who, tally, numbers, duration(), option(duration()), ending, option(notice())).prop_map(
        |(
            (peer, local, tls, user, state),
            (many, failed_logins, removed),
            (few, octets),
            duration,
            first_octet,
            ending,
            notice,
        )| {
            let [commands, errors, retrieved, retrieved_octets, topped] = many;
            let tally = Tally { commands, errors, failed_logins, retrieved, retrieved_octets, topped, removed };
            EventKind::Closed(Box::new(SessionSummary {
                peer,
                local,
                tls,
                user,
                state,
                tally,
                messages: few[0],
                removed_unread: few[1],
                commands_dropped: octets[0],
                octets_in: octets[1],
                octets_out: octets[2],
                duration,
                first_octet,
                ending,
                notice,
            }))
        },
    )
}

/// Any kind of event.
pub fn kind() -> impl Strategy<Value = EventKind> {
    let ports = select(vec![Port::Pop3, Port::Pop3s]);
    let hello = (
        any::<u16>(),
        proptest::option::of(octets()),
        proptest::option::of(octets()),
        "[0-9a-f]{32}|[0-9a-fA-F]{0,33}",
        "[0-9a-z_]{0,36}",
    );
    let hello = hello.prop_map(|(version, server_name, alpn, ja3, ja4)| {
        EventKind::Hello(Box::new(Hello { version, server_name, alpn, ja3, ja4 }))
    });
    prop_oneof![
        Just(EventKind::Started),
        any::<u64>().prop_map(|count| EventKind::Lost { count }),
        ("[a-z]{0,6}", account_change()).prop_map(|(account, change)| EventKind::AccountChanged { account, change }),
        (endpoint(), endpoint(), ports).prop_map(|(peer, local, port)| EventKind::Opened { peer, local, port }),
        hello,
        tls().prop_map(|facts| EventKind::Tls(Box::new(facts))),
        failure().prop_map(EventKind::TlsFailed),
        command(),
        reply(),
        login(),
        "[a-z]{0,6}".prop_map(|account| EventKind::PreviousPassword { account }),
        foreign(),
        notice().prop_map(EventKind::Notice),
        closed(),
    ]
}
