//! Table A: every command, where it is valid, what it takes, what it answers and where that is written.

use crate::pop3::State::{self, Authorization as A, Transaction as T};

/// One row of Table A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRow {
    /// As it stands in the line, in capitals.
    pub command: &'static str,
    /// What follows it.
    pub arguments: &'static str,
    /// In which states it is valid.
    pub states: &'static [State],
    /// What it answers.
    pub responses: &'static str,
    /// The capability that announces it (RFC 2449).
    pub advertised_by: Option<&'static str>,
    /// Where it is written.
    pub source: &'static str,
    /// What it is for, in English.
    pub english: &'static str,
    /// What it is for, in Japanese.
    pub japanese: &'static str,
}

macro_rules! table_a {
    ($($command:literal $arguments:literal [$($state:ident)*] $advertised:expr, $source:literal,
        $responses:literal, $english:literal, $japanese:literal;)*) => {
        /// All commands, in the order of a session. Every command may also answer `-ERR` for its syntax or state.
        pub const TABLE_A: &[CommandRow] = &[
            $(CommandRow {
                command: $command,
                arguments: $arguments,
                states: &[$($state),*],
                responses: $responses,
                advertised_by: $advertised,
                source: $source,
                english: $english,
                japanese: $japanese,
            },)*
        ];
    };
}

table_a! {
    "CAPA" "" [A T] None, "RFC 2449 §5",
        "+OK, a line per capability, a line with a dot",
        "Lists what the server can do beyond RFC 1939.",
        "サーバーが対応している拡張機能の一覧を返します。";
    "STLS" "" [A] Some("STLS"), "RFC 2595 §4",
        "+OK, then the TLS handshake; -ERR if TLS is active or not available",
        "Begins TLS on a connection that began in clear text.",
        "平文で始まった接続を TLS で暗号化します。";
    "USER" "name" [A] Some("USER"), "RFC 1939 §7",
        "+OK for any well-formed name",
        "Names the user; PASS follows.",
        "ユーザー名を伝えます。続けて PASS を送信します。";
    "PASS" "password, spaces included" [A] Some("USER"), "RFC 1939 §7",
        "+OK and the TRANSACTION state; -ERR [AUTH], [IN-USE], [LOGIN-DELAY]",
        "Gives the password, locks the maildrop and enters the TRANSACTION state.",
        "パスワードを送信します。認証されるとメールボックスがロックされ、TRANSACTION 状態に移ります。";
    "APOP" "name digest" [A] None, "RFC 1939 §7",
        "as PASS",
        "Logs in with a digest of the greeting's timestamp and a shared secret.",
        "挨拶のタイムスタンプと共有の秘密から作ったダイジェストでログインします。";
    "AUTH" "[mechanism [initial response]]" [A] Some("SASL"), "RFC 5034 §4",
        "+ and a challenge, as often as the mechanism needs, then as PASS; alone: a line per mechanism",
        "Logs in with a SASL mechanism.",
        "SASL の認証方式でログインします。";
    "UTF8" "" [A] Some("UTF8"), "RFC 6856 §2",
        "+OK",
        "Says that the client can take messages with UTF-8 headers.",
        "クライアントが UTF-8 のヘッダーを扱えることを伝えます。";
    "LANG" "[language range]" [A T] Some("LANG"), "RFC 6856 §3",
        "+OK and the language; alone: a line per language",
        "Chooses the language of the server's texts.",
        "サーバーのメッセージの言語を選びます。";
    "XCLIENT" "KEY=value …" [A] None, "de facto (Dovecot)",
        "+OK",
        "Lets a trusted proxy say who the client is.",
        "信頼されたプロキシがクライアントの情報を伝えます。";
    "STAT" "" [T] None, "RFC 1939 §5",
        "+OK count octets",
        "Says how many messages there are and how many octets together.",
        "メッセージの数と合計オクテット数を返します。";
    "LAST" "" [T] None, "RFC 1460 §5 (obsolete)",
        "+OK number; -ERR unless the server is told to know it",
        "Says which message was the last to be retrieved, for clients older than UIDL.",
        "最後に取得したメッセージの番号を返します。UIDL より古いクライアントのためのコマンドです。";
    "LIST" "[message-number]" [T] None, "RFC 1939 §5",
        "+OK, a line per message with its size; with a number: that message's",
        "Lists the sizes of messages.",
        "メッセージごとのサイズの一覧を返します。";
    "RETR" "message-number" [T] None, "RFC 1939 §5",
        "+OK nnn octets, the message, a line with a dot",
        "Sends a whole message.",
        "メッセージ全体を送信します。";
    "DELE" "message-number" [T] None, "RFC 1939 §5",
        "+OK",
        "Marks a message as deleted; QUIT removes it.",
        "メッセージに削除の印を付けます。実際の削除は QUIT で行われます。";
    "NOOP" "" [T] None, "RFC 1939 §5",
        "+OK",
        "Does nothing, and keeps the session alive.",
        "何もしません。接続を維持するために使います。";
    "RSET" "" [T] None, "RFC 1939 §5",
        "+OK",
        "Takes every deletion mark back.",
        "削除の印をすべて取り消します。";
    "TOP" "message-number lines" [T] Some("TOP"), "RFC 1939 §7",
        "+OK, header, blank line and that many lines of the body, a line with a dot",
        "Sends the top of a message.",
        "メッセージのヘッダーと本文の先頭の行を送信します。";
    "UIDL" "[message-number]" [T] Some("UIDL"), "RFC 1939 §7",
        "+OK, a line per message with its unique-id; with a number: that message's",
        "Lists the unique-ids by which a client knows messages again.",
        "メッセージを識別するための固有 ID の一覧を返します。";
    "QUIT" "" [A T] None, "RFC 1939 §4, §6",
        "+OK and the end; after login the UPDATE state first: -ERR [SYS/…] if not every marked message was removed",
        "Ends the session; after login it removes the marked messages first.",
        "セッションを終了します。ログイン後は、印の付いたメッセージを削除してから終了します。";
}
