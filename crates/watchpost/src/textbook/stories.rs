//! Recordings that are no attack, or not only one: the lessons' sessions and the exercises.

use std::net::Ipv4Addr;
use std::time::Duration;

use watchpost_proto::catalogue::explain::Said;
use watchpost_proto::pop3::server::ClearLogin::{Allowed, Refused};

use super::letters;
use super::shaking::Shake;
use super::stage::{Letter, Stage};
use super::visit::Visit;

const HOME: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
const STRANGER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

/// A recording that a chapter shows.
pub(super) struct Story {
    /// The name of its file.
    pub(super) name: &'static str,
    /// What stands below its picture.
    pub(super) caption: Said,
    pub(super) letters: fn() -> Vec<Letter>,
    pub(super) play: fn(&mut Stage),
}

const fn said(english: &'static str, japanese: &'static str) -> Said {
    Said { english, japanese }
}

pub(super) const STORIES: &[Story] = &[
    Story {
        name: "session-whole",
        caption: said(
            "A whole session on port 995: two messages are listed, both are retrieved, one is removed.",
            "ポート 995 での 1 つのセッション全体。2 通の一覧を取り、両方を取得し、1 通を削除します。",
        ),
        letters: letters::two,
        play: whole,
    },
    Story {
        name: "session-stls",
        caption: said(
            "A session that begins in clear text on port 110 and goes on inside TLS. CAPA is asked twice: what was \
             said before TLS proves nothing.",
            "ポート 110 で平文で始まり、TLS に移るセッション。TLS の前の応答は信用できないので、CAPA を 2 回送ります。",
        ),
        letters: letters::two,
        play: stls,
    },
    Story {
        name: "session-injection",
        caption: said(
            "Commands in the clear behind STLS. The server answers nothing, not even STLS, and closes.",
            "STLS の後ろに平文のコマンドが続いた接続。サーバーは STLS にも答えず、接続を閉じます。",
        ),
        letters: letters::two,
        play: injection,
    },
];

fn whole(stage: &mut Stage) {
    whole_octets(stage);
}

/// The same session, and what both said.
pub(super) fn whole_octets(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.log_in("mrose", "tanstaaf");
    for line in ["STAT", "UIDL", "LIST", "RETR 1", "RETR 2", "DELE 1"] {
        visit.say(line);
    }
    visit.quit()
}

fn stls(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, HOME, Refused);
    for line in ["CAPA", "STLS", "CAPA"] {
        visit.say(line);
    }
    visit.log_in("mrose", "tanstaaf");
    visit.say("STAT");
    visit.quit();
}

fn injection(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Refused);
    visit.send(b"STLS\r\nUSER alice\r\nPASS anything\r\n");
    visit.hang_up();
}

/// A session to be read without help, and what it was.
pub(super) struct Exercise {
    pub(super) question: Said,
    pub(super) answer: Said,
    pub(super) letters: fn() -> Vec<Letter>,
    pub(super) play: fn(&mut Stage),
}

pub(super) const EXERCISES: &[Exercise] = &[
    Exercise {
        question: said(
            "How many messages lie in the maildrop after this session, and why?",
            "このセッションの後、メールボックスには何通残っていますか。それはなぜですか。",
        ),
        answer: said(
            "Two. Both were marked as deleted, but there was no QUIT: the session never entered the UPDATE state, and \
             only there messages are removed (RFC 1939 §3, §6).",
            "2 通です。どちらにも削除の印が付きましたが、QUIT がないため UPDATE 状態に移らず、削除は行われません(RFC 1939 \
             §3、§6)。",
        ),
        letters: letters::two,
        play: without_quit,
    },
    Exercise {
        question: said(
            "The owner of the account says that the password is right. What does the server answer, and what must \
             the mail program change?",
            "利用者は、パスワードは正しいと言っています。サーバーは何と答え、メール ソフトの何を直すべきでしょうか。",
        ),
        answer: said(
            "The connection is in clear text, and passwords are not taken there: E-17 and E-18 say so. The program must begin \
             TLS first, with STLS or on port 995 (RFC 8314 §3.1).",
            "接続が平文なので、サーバーはパスワードを受け付けません(E-17、E-18)。メール ソフトは、STLS かポート 995 で先に TLS を\
             始める必要があります(RFC 8314 §3.1)。",
        ),
        letters: letters::two,
        play: in_the_clear,
    },
    Exercise {
        question: said(
            "Seven failed logins of one account, each five minutes after the last. Is this an intruder?",
            "1 つのアカウントへのログインが 5 分おきに 7 回失敗しています。侵入者でしょうか。",
        ),
        answer: said(
            "No. The password is the same each time, the network is the owner's home, the intervals are even, and \
             each session ends with QUIT: a device that has kept an old password (rule M2). It is not banned; its \
             owner is told.",
            "いいえ。パスワードは毎回同じで、所有者の自宅のネットワークから、一定の間隔で来ており、どれも QUIT で終わってい\
             ます。古いパスワードを覚えている端末です(ルール M2)。遮断はせず、所有者に知らせます。",
        ),
        letters: letters::two,
        play: old_password,
    },
    Exercise {
        question: said(
            "Who is this, and what does the visitor know afterwards?",
            "この訪問者は何者で、この後に何を知っているでしょうか。",
        ),
        answer: said(
            "A survey of the internet: HELP is no command of POP3, and NOOP is not valid before login (RFC 1939 §5). \
             It knows that a POP3 server answers here, and how it words its errors, which may tell its name.",
            "インターネット調査です。HELP は POP3 のコマンドではなく、NOOP はログイン前には使えません(RFC 1939 §5)。ここで \
             POP3 サーバーが応答することと、エラーの文面(ソフトの種類が分かることがあります)を知りました。",
        ),
        letters: letters::two,
        play: survey,
    },
    Exercise {
        question: said(
            "A stranger is in. Message 4 is “Reset your password”, message 9 “Your verification code”. What was looked \
             for, and what must be done first?",
            "知らない者が入り込みました。4 番のメールは「パスワードの再設定」、9 番は「確認コード」です。何を探していたのでしょ\
             うか。最初に何をすべきでしょうか。",
        ),
        answer: said(
            "TOP read the headers of all twelve messages, and RETR took two alone: the ones about a password reset \
             and a code (rule H4). The mail password is changed first; then that of the service whose reset was read.",
            "TOP で 12 通すべてのヘッダーを読み、RETR で取得したのは、パスワード再設定と確認コードの 2 通だけです(ルール H4)。\
             まずメールのパスワードを、次に、再設定メールを読まれたサービスのパスワードを変更します。",
        ),
        letters: letters::with_codes,
        play: hunter,
    },
    Exercise {
        question: said(
            "Three logins fail, and the server closes. Which sizes and times in this session would you measure to \
             tell a program from a person?",
            "ログインが 3 回失敗し、サーバーが接続を閉じました。プログラムか人かを見分けるには、どの値や時間を調べますか。",
        ),
        answer: said(
            "The time from an answer to the next line: 40 ms each time, which no person types. The passwords differ \
             each time and are common ones; the ClientHello names no server; there is no QUIT. Each of the answers \
             came late on purpose: 2, 4 and 8 seconds, a little more or less.",
            "応答から次の行までの時間です。毎回 40 ミリ秒で、人が打てる速さではありません。パスワードは毎回違う、よくある\
             ものです。ClientHello にはサーバー名がなく、QUIT もありません。応答が遅いのはわざとで、およそ 2、4、8 秒です。",
        ),
        letters: letters::two,
        play: guesser,
    },
    Exercise {
        question: said(
            "The owner's mail program says that it cannot connect. What went wrong, and who has to act?",
            "メール ソフトは「接続できません」と言っています。何が起きたのでしょうか。誰が対処すべきでしょうか。",
        ),
        answer: said(
            "The client looked at the certificate and refused it: alert 48 is unknown_ca (RFC 8446 §6.2). Either the \
             server's certificate is signed by nobody that the client trusts, which the operator mends, or somebody on \
             the path showed another one. Nobody should click the warning away.",
            "クライアントが証明書を確認して拒否しました。アラート 48 は unknown_ca です(RFC 8446 §6.2)。サーバーの証明書が、\
             クライアントの信頼する認証局の署名でない(運用者が直します)か、途中の誰かが別の証明書を見せています。警告を\
             無視してはいけません。",
        ),
        letters: letters::two,
        play: distrust,
    },
    Exercise {
        question: said(
            "The same owner has changed a setting, and now nothing comes back at all. Which setting?",
            "設定を変えたところ、今度は何も返ってこなくなりました。どの設定でしょうか。",
        ),
        answer: said(
            "The program speaks POP3 in clear text on port 995, where TLS comes first (RFC 8314 §3.1): it was set to \
             “no encryption”, or to STARTTLS, with the port of POP3S. It must be “SSL/TLS” there.",
            "TLS から始まるポート 995 で(RFC 8314 §3.1)、平文の POP3 を話しています。ポートは POP3S のまま、暗号化を「なし」か\
             「STARTTLS」にしたためです。「SSL/TLS」に直します。",
        ),
        letters: letters::two,
        play: clear_on_pop3s,
    },
];

fn without_quit(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.log_in("mrose", "tanstaaf");
    for line in ["STAT", "RETR 1", "DELE 1", "RETR 2", "DELE 2"] {
        visit.say(line);
    }
    visit.hang_up();
}

fn in_the_clear(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, HOME, Refused);
    visit.say("USER mrose");
    visit.say("PASS tanstaaf");
    visit.quit();
}

fn old_password(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.log_in("bob", "battery staple");
    visit.quit();
    stage.wait(Duration::from_hours(24));
    for _ in 0..7 {
        let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
        visit.log_in("bob", "the one before");
        visit.quit();
        stage.wait(Duration::from_mins(5));
    }
}

fn survey(stage: &mut Stage) {
    let mut visit = Visit::pop3(stage, STRANGER, Refused);
    for line in ["HELP", "NOOP", "QUIT"] {
        visit.say(line);
    }
    visit.hang_up();
}

fn hunter(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless).at_pace(15);
    visit.log_in("alice", "correct horse");
    for number in 1..=12 {
        visit.say(&format!("TOP {number} 0"));
    }
    visit.say("RETR 4");
    visit.say("RETR 9");
    visit.quit();
}

fn guesser(stage: &mut Stage) {
    let mut visit = Visit::pop3s(stage, STRANGER, Shake::Nameless);
    for password in ["123456", "password", "qwerty"] {
        visit.log_in("alice", password);
    }
    visit.hang_up();
}

fn distrust(stage: &mut Stage) {
    Visit::pop3s(stage, HOME, Shake::Distrustful).hang_up();
}

fn clear_on_pop3s(stage: &mut Stage) {
    Visit::no_tls(stage, HOME, b"CAPA\r\n").hang_up();
}

/// A session of which the octets are shown.
type Spoken = fn(&mut Stage) -> Vec<super::visit::Octets>;

/// The octets of a login in clear text: USER and PASS, and APOP with the timestamp of RFC 1939.
pub(super) const LOGINS: &[(&str, Spoken)] =
    &[("login-user", user), ("login-apop", apop), ("login-plain", plain), ("login-login", login), ("dots", dots)];

fn user(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let mut visit = Visit::pop3(stage, HOME, Allowed);
    visit.log_in("mrose", "tanstaaf");
    visit.quit()
}

fn apop(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let timestamp =
        watchpost_proto::Timestamp::in_greeting(b"<1896.697170952@dbc.mtview.ca.us>").expect("RFC 1939 has it");
    let mut visit = Visit::apop(stage, HOME, timestamp);
    visit.say("APOP mrose c4c9334bac560ecc979e58001b3e22fb");
    visit.quit()
}

fn plain(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.say(&format!("AUTH PLAIN {}", data_encoding::BASE64.encode(b"\0mrose\0tanstaaf")));
    visit.quit()
}

fn login(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.say("AUTH LOGIN");
    for part in ["mrose", "tanstaaf"] {
        visit.say(&data_encoding::BASE64.encode(part.as_bytes()));
    }
    visit.quit()
}

/// The message whose lines begin with dots.
fn dots(stage: &mut Stage) -> Vec<super::visit::Octets> {
    let mut visit = Visit::pop3s(stage, HOME, Shake::Mailer);
    visit.log_in("mrose", "tanstaaf");
    visit.say("RETR 2");
    visit.quit()
}
