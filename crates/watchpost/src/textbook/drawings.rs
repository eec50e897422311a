//! Pictures that no recording shows: the states, and what the handshakes of TLS consist of.

use std::fmt::Write as _;

use super::markdown::{Tongue, html};
use crate::watch::diagram::{Colours, Picture, Row, draw};
use crate::watch::timeline::Side;

fn figure(svg: &str, caption: &str) -> String {
    format!(
        "<figure class=\"drawing\">\n{}\n<figcaption>{}</figcaption>\n</figure>\n",
        svg.replace('{', "&#123;"),
        html(caption)
    )
}

/// A picture in a page.
pub(super) fn of_picture(picture: &Picture, caption: &str) -> String {
    figure(&draw(picture, Colours::OfThePage), caption)
}

/// What both sides say, with its meaning in both languages.
type Steps = &'static [(Side, &'static str, &'static str, &'static str)];

fn sequence(title: &str, bands: &[(&str, usize, Steps)], caption: &str, tongue: Tongue) -> String {
    let mut rows = Vec::new();
    for (name, colour, steps) in bands {
        rows.push(Row::Band((*name).to_owned(), *colour));
        for (side, said, english, japanese) in *steps {
            let meaning = tongue.say(english, japanese).to_owned();
            rows.push(Row::Step { time: String::new(), side: *side, said: (*said).to_owned(), meaning });
        }
    }
    let heads = [tongue.say("client", "クライアント"), tongue.say("server", "サーバー")].map(str::to_owned);
    of_picture(&Picture { title: vec![title.to_owned()], heads, rows }, caption)
}

const CONNECTION: Steps = &[
    (
        Side::Client,
        "SYN",
        "The client asks for a connection (RFC 9293 §3.5).",
        "クライアントが接続を求めます(RFC 9293 §3.5)。",
    ),
    (Side::Server, "SYN, ACK", "The server agrees.", "サーバーが応じます。"),
    (Side::Client, "ACK", "Both know that the other hears them.", "双方が、相手に届くことを確認しました。"),
];

/// Three phases of a connection to port 995.
pub(super) fn phases(tongue: Tongue) -> String {
    let tls: Steps = &[
        (
            Side::Client,
            "ClientHello",
            "Versions, ciphers, a key share, the server's name.",
            "バージョン、暗号方式、鍵共有、サーバー名。",
        ),
        (
            Side::Server,
            "ServerHello … Finished",
            "The choice, the server's key share, then encrypted: certificate, proof.",
            "選択と鍵共有。続いて暗号化された証明書と証明。",
        ),
        (Side::Client, "Finished", "The client has checked the certificate.", "クライアントが証明書を確認しました。"),
    ];
    let pop: Steps = &[
        (Side::Server, "+OK Watchpost ready", "The greeting (RFC 1939 §3).", "挨拶(RFC 1939 §3)。"),
        (Side::Client, "USER mrose", "Commands and replies, one after another.", "コマンドと応答が交互に続きます。"),
        (Side::Server, "+OK send PASS", "", ""),
        (Side::Note, "…", "", ""),
        (Side::Client, "QUIT", "The end, by choice of the client.", "クライアントが終わりを告げます。"),
        (Side::Server, "+OK bye", "", ""),
    ];
    let bands = [
        (tongue.say("1 · TCP CONNECTION", "1 · TCP 接続"), 0, CONNECTION),
        (tongue.say("2 · TLS HANDSHAKE", "2 · TLS ハンドシェイク"), 1, tls),
        (tongue.say("3 · POP3 SESSION, ENCRYPTED", "3 · POP3 セッション(暗号化)"), 2, pop),
    ];
    let caption = tongue.say(
        "The three phases of a connection to port 995, in the order in which Wireshark shows them.",
        "ポート 995 への接続の 3 つの段階。Wireshark でもこの順に表示されます。",
    );
    sequence(tongue.say("POP3S: TCP, TLS, POP3", "POP3S: TCP、TLS、POP3"), &bands, caption, tongue)
}

/// TLS 1.3 (RFC 8446 §2).
pub(super) fn tls13(tongue: Tongue) -> String {
    let clear: Steps = &[
        (
            Side::Client,
            "ClientHello",
            "Offers versions, ciphers and groups; key_share holds a half of the key; server_name says for whom it is meant.",
            "バージョン、暗号方式、グループを提案します。key_share に鍵の半分、server_name に相手の名前が入ります。",
        ),
        (
            Side::Server,
            "ServerHello",
            "Chooses one of each and gives the other half. Now both can compute the keys.",
            "それぞれ 1 つを選び、もう半分を渡します。これで双方が鍵を計算できます。",
        ),
    ];
    let hidden: Steps = &[
        (Side::Server, "EncryptedExtensions", "What else was chosen, ALPN for instance.", "ALPN など、その他の選択。"),
        (
            Side::Server,
            "Certificate",
            "Who the server is, signed by an authority.",
            "認証局が署名した、サーバーの身元。",
        ),
        (
            Side::Server,
            "CertificateVerify",
            "A signature over everything so far: the server has the key of that certificate.",
            "ここまでの全内容への署名。証明書の鍵を持っている証拠です。",
        ),
        (
            Side::Server,
            "Finished",
            "A MAC over the handshake: nothing was changed on the way.",
            "ハンドシェイク全体の MAC。途中で改変されていません。",
        ),
        (
            Side::Client,
            "Finished",
            "The client has checked chain, dates and name (RFC 9525 §6), and agrees.",
            "証明書の連鎖、期限、名前を確認して(RFC 9525 §6)応じます。",
        ),
    ];
    let data: Steps = &[
        (
            Side::Server,
            "+OK Watchpost ready",
            "The greeting of POP3, the first octets of application data.",
            "POP3 の挨拶。最初のアプリケーション データです。",
        ),
        (
            Side::Server,
            "NewSessionTicket",
            "A ticket with which the next connection is shorter.",
            "次回の接続を短くするチケット。",
        ),
    ];
    let bands = [
        (tongue.say("IN CLEAR", "平文"), 0, clear),
        (tongue.say("ENCRYPTED WITH HANDSHAKE KEYS", "ハンドシェイク鍵で暗号化"), 1, hidden),
        (tongue.say("ENCRYPTED WITH TRAFFIC KEYS", "通信鍵で暗号化"), 2, data),
    ];
    let caption =
        tongue.say("TLS 1.3: one round trip. Source: RFC 8446 §2.", "TLS 1.3 は 1 往復です。典拠: RFC 8446 §2。");
    sequence("TLS 1.3", &bands, caption, tongue)
}

/// TLS 1.2 (RFC 5246 §7.3, with the exchange of RFC 8422).
pub(super) fn tls12(tongue: Tongue) -> String {
    let clear: Steps = &[
        (
            Side::Client,
            "ClientHello",
            "Offers versions, ciphers and groups, and names the server.",
            "バージョン、暗号方式、グループを提案し、サーバー名を示します。",
        ),
        (Side::Server, "ServerHello", "Chooses.", "選択します。"),
        (
            Side::Server,
            "Certificate",
            "Readable by anybody on the path, unlike in TLS 1.3.",
            "TLS 1.3 と違い、途中の誰でも読めます。",
        ),
        (
            Side::Server,
            "ServerKeyExchange",
            "The server's half of the key, signed (RFC 8422 §5.4).",
            "署名付きの、サーバー側の鍵の半分(RFC 8422 §5.4)。",
        ),
        (Side::Server, "ServerHelloDone", "", ""),
        (Side::Client, "ClientKeyExchange", "The client's half.", "クライアント側の半分。"),
        (Side::Client, "ChangeCipherSpec", "From here on the client encrypts.", "ここからクライアントは暗号化します。"),
    ];
    let hidden: Steps = &[
        (Side::Client, "Finished", "A MAC over the handshake.", "ハンドシェイク全体の MAC。"),
        (Side::Server, "ChangeCipherSpec, Finished", "The same from the other side.", "反対側からも同じことをします。"),
        (Side::Server, "+OK Watchpost ready", "The greeting of POP3.", "POP3 の挨拶。"),
    ];
    let bands = [(tongue.say("IN CLEAR", "平文"), 0, clear), (tongue.say("ENCRYPTED", "暗号化"), 2, hidden)];
    let caption =
        tongue.say("TLS 1.2: two round trips. Source: RFC 5246 §7.3.", "TLS 1.2 は 2 往復です。典拠: RFC 5246 §7.3。");
    sequence("TLS 1.2", &bands, caption, tongue)
}

/// A box of the picture of the states.
struct State {
    name: &'static str,
    x: usize,
    colour: usize,
    english: [&'static str; 2],
    japanese: [&'static str; 2],
}

const STATES: [State; 3] = [
    State {
        name: "AUTHORIZATION",
        x: 120,
        colour: 1,
        english: ["Who are you?", "USER PASS APOP AUTH STLS"],
        japanese: ["あなたは誰ですか", "USER PASS APOP AUTH STLS"],
    },
    State {
        name: "TRANSACTION",
        x: 480,
        colour: 2,
        english: ["The maildrop is locked for you", "STAT LIST UIDL RETR TOP DELE"],
        japanese: ["メールボックスはロック済み", "STAT LIST UIDL RETR TOP DELE"],
    },
    State {
        name: "UPDATE",
        x: 820,
        colour: 3,
        english: ["Marked messages are removed", "no command is taken here"],
        japanese: ["印の付いたメールを削除", "コマンドは受け付けない"],
    },
];

/// The three states (RFC 1939 §3), and what leads from one to the next.
pub(super) fn states(tongue: Tongue) -> String {
    let mut body = "<rect class=\"p\" width=\"1060\" height=\"250\"/>".to_owned();
    let mut arrow = |points: &str, tip: (usize, usize), class: &str| {
        let (x, y) = tip;
        let turn = if points.contains('V') { "l-4 -9h8z" } else { "l-9 -4v8z" };
        let _ = write!(
            body,
            "<path class=\"{class}\" fill=\"none\" d=\"{points}\"/><path class=\"{class}h\" d=\"M{x} {y}{turn}\"/>"
        );
    };
    arrow("M16 90H108", (116, 90), "a");
    arrow("M340 90H468", (476, 90), "a");
    arrow("M700 90H808", (816, 90), "a");
    arrow("M230 128V186", (230, 194), "e");
    arrow("M590 128V186", (590, 194), "e");
    arrow("M930 128V186", (930, 194), "a");
    for state in &STATES {
        let [first, second] = if tongue.protocol().tag() == "en" { state.english } else { state.japanese };
        let middle = state.x + 110;
        let _ = write!(
            body,
            "<rect class=\"b{}\" x=\"{}\" y=\"52\" width=\"220\" height=\"76\" rx=\"8\"/>\
             <text class=\"c\" x=\"{middle}\" y=\"74\">{}</text><text class=\"t\" text-anchor=\"middle\" x=\"{middle}\" \
             y=\"95\">{first}</text><text class=\"t\" text-anchor=\"middle\" x=\"{middle}\" y=\"115\">{second}</text>",
            state.colour, state.x, state.name
        );
    }
    let labels = [
        (62, 80, tongue.say("greeting", "挨拶")),
        (408, 80, tongue.say("login +OK", "ログイン +OK")),
        (758, 80, "QUIT"),
        (230, 216, tongue.say("QUIT, or the connection ends", "QUIT または切断")),
        (590, 216, tongue.say("the connection ends without QUIT", "QUIT なしの切断")),
        (590, 236, tongue.say("nothing is removed", "何も削除されない")),
        (930, 216, tongue.say("+OK, and the connection ends", "+OK を返して切断")),
    ];
    for (x, y, label) in labels {
        let _ = write!(body, "<text class=\"t\" text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{}</text>", html(label));
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"watchpost\" viewBox=\"0 0 1060 250\" width=\"1060\" height=\"250\" \
         role=\"img\">{body}</svg>"
    );
    let caption = tongue
        .say("The three states of a session. Source: RFC 1939 §3.", "セッションの 3 つの状態。典拠: RFC 1939 §3。");
    figure(&svg, caption)
}
