//! Table B: everything that can go wrong, with its code and its text in both languages.

use crate::catalogue::Language;
use crate::pop3::ResponseCode;
use crate::types::MessageNumber;

/// How a session goes on after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It continues.
    Continues,
    /// The server closes it.
    Closes,
    /// It continues until a limit of attempts is met, then the server closes it.
    ClosesAtLimit,
}

/// One row of Table B. `{}` in a text stands for the row's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRow {
    /// `E-01` to `E-61`.
    pub id: &'static str,
    /// The name of its [`Refusal`].
    pub name: &'static str,
    /// When it happens.
    pub situation: &'static str,
    /// The response code in front of the text (RFC 2449 §8, RFC 3206).
    pub code: Option<ResponseCode>,
    /// The text in English.
    pub english: &'static str,
    /// The text in Japanese.
    pub japanese: &'static str,
    /// How the session goes on.
    pub end: End,
}

macro_rules! table_b {
    ($($(#[$doc:meta])* $id:literal $variant:ident $(($number:ident: $type:ty))?, $code:expr, $end:ident,
        $situation:literal, $english:literal, $japanese:literal;)*) => {
        /// A negative reply: one variant per row of [`TABLE_B`]. The type admits no other text, so nothing of ours
        /// (a path, a cause) and nothing of a client's can reach a peer (P-032, P-033, S-043).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $($(#[$doc])* $variant $(($type))?,)*
        }

        impl Refusal {
            /// Its row.
            pub fn row(self) -> &'static ErrorRow {
                enum Place { $($variant,)* }
                let place = match self {
                    $(Self::$variant { .. } => Place::$variant,)*
                };
                &TABLE_B[place as usize]
            }

            /// The number in its text, if it has one.
            fn number(self) -> Option<String> {
                match self {
                    $(Self::$variant $(($number))? => None $(.or(Some($number.to_string())))?,)*
                }
            }
        }

        /// All errors, `E-01` first.
        pub const TABLE_B: &[ErrorRow] = &[
            $(ErrorRow {
                id: $id,
                name: stringify!($variant),
                situation: $situation,
                code: $code,
                english: $english,
                japanese: $japanese,
                end: End::$end,
            },)*
        ];
    };
}

impl Refusal {
    /// The text behind `-ERR ` and the code.
    pub fn text(self, language: Language) -> String {
        let row = self.row();
        let text = match language {
            Language::English => row.english,
            Language::Japanese => row.japanese,
        };
        match self.number() {
            Some(number) => text.replace("{}", &number),
            None => text.to_owned(),
        }
    }
}

table_b! {
        /// Unknown command.
        "E-01" UnknownCommand, None, Continues,
            "Unknown command",
            "Unknown command",
            "不明なコマンドです。";
        /// Valid only after login.
        "E-02" NotBeforeLogin, None, Continues,
            "Valid only after login",
            "Not valid before login",
            "ログイン前にこのコマンドは使用できません。";
        /// Valid only before login.
        "E-03" NotAfterLogin, None, Continues,
            "Valid only before login",
            "Not valid after login",
            "ログイン後にこのコマンドは使用できません。";
        /// Argument missing.
        "E-04" MissingArgument, None, Continues,
            "Argument missing",
            "Missing argument",
            "引数が不足しています。";
        /// Surplus argument.
        "E-05" UnexpectedArgument, None, Continues,
            "Surplus argument",
            "Unexpected argument",
            "余分な引数が指定されています。";
        /// Line too long.
        "E-06" LineTooLong, None, Continues,
            "Line too long",
            "Command line too long",
            "コマンド行が長すぎます。";
        /// NUL, control or bare CR in line.
        "E-07" InvalidCharacter, None, Continues,
            "NUL, control or bare CR in line",
            "Invalid character in command",
            "コマンドに使用できない文字が含まれています。";
        /// Bad-command limit reached.
        "E-08" TooManyBadCommands, None, Closes,
            "Bad-command limit reached",
            "Too many invalid commands, closing connection",
            "無効なコマンドが続いたため、接続を終了します。";
        /// PASS without USER.
        "E-09" UserFirst, None, Continues,
            "PASS without USER",
            "Send USER first",
            "先に USER コマンドを送信してください。";
        /// USER/PASS not valid UTF-8 or not allowed octets.
        "E-10" InvalidEncoding, None, Continues,
            "USER/PASS not valid UTF-8 or not allowed octets",
            "Invalid character encoding",
            "文字コードが正しくありません。";
        /// Wrong password, unknown user, wrong digest or proof.
        "E-11" AuthenticationFailed, Some(ResponseCode::Auth), ClosesAtLimit,
            "Wrong password, unknown user, wrong digest or proof",
            "Authentication failed",
            "認証に失敗しました。ユーザー名とパスワードをご確認ください。";
        /// Account disabled (password right).
        "E-12" AccountDisabled, Some(ResponseCode::Auth), Continues,
            "Account disabled (password right)",
            "Account disabled, contact your administrator",
            "このアカウントは現在ご利用いただけません。管理者にお問い合わせください。";
        /// Password expired (password right).
        "E-13" PasswordExpired, Some(ResponseCode::Auth), Continues,
            "Password expired (password right)",
            "Password expired, please change it",
            "パスワードの有効期限が切れています。変更してからもう一度お試しください。";
        /// POP3 not enabled for account.
        "E-14" Pop3NotEnabled, Some(ResponseCode::Auth), Continues,
            "POP3 not enabled for account",
            "POP3 access is not enabled for this account",
            "このアカウントでは POP3 をご利用いただけません。";
        /// Address, time or device policy.
        "E-15" LoginNotPermitted, Some(ResponseCode::Auth), Continues,
            "Address, time or device policy",
            "Login not permitted by policy",
            "アクセス制限により、ログインできません。";
        /// App password needed.
        "E-16" AppPasswordRequired, Some(ResponseCode::Auth), Continues,
            "App password needed",
            "Application password required",
            "アプリ パスワードが必要です。";
        /// USER without TLS.
        "E-17" UseTlsBeforeLogin, None, Continues,
            "USER without TLS",
            "Use STLS or port 995 before login",
            "暗号化されていない接続ではログインできません。STLS またはポート 995 をご利用ください。";
        /// PASS, PLAIN, LOGIN or token without TLS.
        "E-18" EncryptionRequired, Some(ResponseCode::Auth), Continues,
            "PASS, PLAIN, LOGIN or token without TLS",
            "Encryption required, use STLS or port 995",
            "暗号化された接続が必要です。STLS またはポート 995 をご利用ください。";
        /// Mechanism not supported.
        "E-19" UnsupportedMechanism, None, Continues,
            "Mechanism not supported",
            "Unsupported authentication mechanism",
            "対応していない認証方式です。";
        /// Initial response not allowed.
        "E-20" InitialResponseNotAllowed, None, Continues,
            "Initial response not allowed",
            "Initial response not allowed for this mechanism",
            "この認証方式では初期応答を指定できません。";
        /// Bad base64.
        "E-21" InvalidBase64, None, Continues,
            "Bad base64",
            "Invalid base64 data",
            "Base64 データが正しくありません。";
        /// Client sent *.
        "E-22" AuthenticationCancelled, None, Continues,
            "Client sent *",
            "Authentication cancelled",
            "認証を中止しました。";
        /// Malformed SASL message.
        "E-23" MalformedAuthentication, None, Continues,
            "Malformed SASL message",
            "Malformed authentication data",
            "認証データの形式が正しくありません。";
        /// SASL data above cap.
        "E-24" AuthenticationTooLong, None, Continues,
            "SASL data above cap",
            "Authentication data too long",
            "認証データが長すぎます。";
        /// Authzid not permitted.
        "E-25" NotAuthorizedAs, Some(ResponseCode::Auth), Continues,
            "Authzid not permitted",
            "Not authorized to act as the requested user",
            "指定されたユーザーとしてログインする権限がありません。";
        /// Channel binding check failed.
        "E-26" ChannelBindingFailed, None, Closes,
            "Channel binding check failed",
            "Channel binding check failed",
            "チャネルバインディングの検証に失敗しました。";
        /// Token invalid or expired.
        "E-27" TokenRejected, Some(ResponseCode::Auth), Continues,
            "Token invalid or expired",
            "Access token rejected",
            "アクセストークンが無効か、有効期限が切れています。";
        /// No usable client certificate.
        "E-28" NoClientCertificate, Some(ResponseCode::Auth), Continues,
            "No usable client certificate",
            "No acceptable client certificate",
            "有効なクライアント証明書を確認できません。";
        /// APOP off.
        "E-29" ApopNotAvailable, None, Continues,
            "APOP off",
            "APOP is not available",
            "APOP はご利用いただけません。";
        /// APOP digest malformed.
        "E-30" InvalidApopArguments, None, Continues,
            "APOP digest malformed",
            "Invalid APOP arguments",
            "APOP の引数が正しくありません。";
        /// Maildrop in use.
        "E-31" MaildropInUse, Some(ResponseCode::InUse), Continues,
            "Maildrop in use",
            "Maildrop is locked by another session, please wait",
            "メールボックスは別のセッションで使用中です。しばらく待ってからもう一度お試しください。";
        /// Per-user session limit.
        "E-32" TooManySessions, Some(ResponseCode::InUse), Closes,
            "Per-user session limit",
            "Too many sessions for this user, please wait",
            "同時に利用できるセッション数の上限に達しています。しばらく待ってからもう一度お試しください。";
        /// Login too soon.
        "E-33" LoginTooSoon(seconds: u32), Some(ResponseCode::LoginDelay), Continues,
            "Login too soon",
            "Please wait {} seconds between logins",
            "前回のログインからの間隔が短すぎます。{} 秒後にもう一度お試しください。";
        /// Throttled before checking.
        "E-34" TooManyAttempts, Some(ResponseCode::SysTemp), Closes,
            "Throttled before checking",
            "Too many attempts, please wait and try again",
            "試行回数が多すぎます。しばらく待ってからもう一度お試しください。";
        /// Per-address connection limit (at connect).
        "E-35" TooManyConnections, Some(ResponseCode::SysTemp), Closes,
            "Per-address connection limit (at connect)",
            "Too many connections, please wait and try again",
            "接続数の上限に達しています。しばらく待ってからもう一度お試しください。";
        /// Authentication backend down.
        "E-36" AuthenticationUnavailable, Some(ResponseCode::SysTemp), Continues,
            "Authentication backend down",
            "Authentication service temporarily unavailable, please wait",
            "認証サービスを一時的に利用できません。しばらく待ってからもう一度お試しください。";
        /// Maildrop cannot be opened now.
        "E-37" MaildropUnavailable, Some(ResponseCode::SysTemp), Continues,
            "Maildrop cannot be opened now",
            "Maildrop temporarily unavailable, please wait",
            "メールボックスを一時的に開けません。しばらく待ってからもう一度お試しください。";
        /// Memory, disk or descriptor shortage.
        "E-38" InsufficientResources, Some(ResponseCode::SysTemp), Continues,
            "Memory, disk or descriptor shortage",
            "Insufficient resources, please wait and try again",
            "サーバーのリソースが一時的に不足しています。しばらく待ってからもう一度お試しください。";
        /// Server stopping.
        "E-39" ShuttingDown, Some(ResponseCode::SysTemp), Closes,
            "Server stopping",
            "Server is shutting down, please wait and try again",
            "サーバーを停止しています。しばらく待ってからもう一度お試しください。";
        /// Maildrop damaged.
        "E-40" MaildropDamaged, Some(ResponseCode::SysPerm), Continues,
            "Maildrop damaged",
            "Maildrop is damaged, contact your administrator",
            "メールボックスが破損しています。管理者にお問い合わせください。";
        /// Configuration error.
        "E-41" ConfigurationError, Some(ResponseCode::SysPerm), Continues,
            "Configuration error",
            "Server configuration error, contact your administrator",
            "サーバーの設定に問題があります。管理者にお問い合わせください。";
        /// STLS with TLS active.
        "E-42" TlsAlreadyActive, None, Continues,
            "STLS with TLS active",
            "TLS is already active",
            "TLS はすでに有効です。";
        /// STLS without certificate.
        "E-43" TlsNotAvailable, None, Continues,
            "STLS without certificate",
            "TLS is not available",
            "TLS はご利用いただけません。";
        /// STLS after UTF8.
        "E-44" StlsAfterUtf8, None, Continues,
            "STLS after UTF8",
            "STLS is not valid after UTF8",
            "UTF8 コマンドの後に STLS は使用できません。";
        /// UTF8 refused.
        "E-45" Utf8NotAvailable, None, Continues,
            "UTF8 refused",
            "UTF8 mode is not available",
            "UTF8 モードはご利用いただけません。";
        /// LANG: no match.
        "E-46" LanguageNotSupported, None, Continues,
            "LANG: no match",
            "Language not supported",
            "ご指定の言語には対応していません。";
        /// LANG: list not possible.
        "E-47" CannotListLanguages, None, Continues,
            "LANG: list not possible",
            "Cannot list languages",
            "言語の一覧を表示できません。";
        /// Number malformed, 0 or overflow.
        "E-48" InvalidMessageNumber, None, Continues,
            "Number malformed, 0 or overflow",
            "Invalid message number",
            "メッセージ番号が正しくありません。";
        /// Number above count.
        "E-49" NoSuchMessage(count: usize), None, Continues,
            "Number above count",
            "No such message, only {} in maildrop",
            "該当するメッセージはありません。メッセージは全部で {} 通です。";
        /// Message marked deleted.
        "E-50" MessageDeleted(number: MessageNumber), None, Continues,
            "Message marked deleted",
            "Message {} is marked as deleted",
            "メッセージ {} は削除対象に指定されています。";
        /// TOP line count malformed.
        "E-51" InvalidLineCount, None, Continues,
            "TOP line count malformed",
            "Invalid line count",
            "行数の指定が正しくありません。";
        /// Message removed by other means.
        "E-52" MessageGone(number: MessageNumber), None, Continues,
            "Message removed by other means",
            "Message {} is no longer available",
            "メッセージ {} はサーバー上に見つかりません。";
        /// Message unreadable now.
        "E-53" MessageUnreadable(number: MessageNumber), Some(ResponseCode::SysTemp), Continues,
            "Message unreadable now",
            "Cannot read message {}, try again later",
            "メッセージ {} を読み出せません。時間をおいてもう一度お試しください。";
        /// Message damaged.
        "E-54" MessageDamaged(number: MessageNumber), Some(ResponseCode::SysPerm), Continues,
            "Message damaged",
            "Message {} is damaged, contact your administrator",
            "メッセージ {} が破損しています。管理者にお問い合わせください。";
        /// Needs UTF8 mode.
        "E-55" MessageRequiresUtf8(number: MessageNumber), Some(ResponseCode::Utf8), Continues,
            "Needs UTF8 mode",
            "Message {} requires UTF8 mode",
            "メッセージ {} を取得するには UTF8 モードが必要です。";
        /// DELE not allowed (read-only, retention).
        "E-56" DeletionNotPermitted, Some(ResponseCode::SysPerm), Continues,
            "DELE not allowed (read-only, retention)",
            "Deletion is not permitted in this maildrop",
            "このメールボックスではメッセージを削除できません。";
        /// QUIT: not all removed.
        "E-57" SomeNotRemoved, Some(ResponseCode::SysTemp), Closes,
            "QUIT: not all removed",
            "Some deleted messages were not removed",
            "一部のメッセージを削除できませんでした。";
        /// QUIT: none removable.
        "E-58" NoneRemoved, Some(ResponseCode::SysPerm), Closes,
            "QUIT: none removable",
            "Deleted messages were not removed, contact your administrator",
            "メッセージを削除できませんでした。管理者にお問い合わせください。";
        /// XCLIENT not permitted.
        "E-59" XclientNotPermitted, None, Continues,
            "XCLIENT not permitted",
            "XCLIENT is not permitted",
            "XCLIENT は許可されていません。";
        /// XCLIENT arguments wrong.
        "E-60" InvalidXclientArguments, None, Continues,
            "XCLIENT arguments wrong",
            "Invalid XCLIENT arguments",
            "XCLIENT の引数が正しくありません。";
        /// Proxy loop (TTL).
        "E-61" ProxyLoop, Some(ResponseCode::SysPerm), Closes,
            "Proxy loop (TTL)",
            "Proxy loop detected",
            "プロキシの転送がループしています。";

}
