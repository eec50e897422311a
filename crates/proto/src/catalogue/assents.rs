//! What follows `+OK`, in both languages. Clients read numbers there, people the rest (RFC 1957).

use crate::catalogue::Language;

macro_rules! assents {
    ($($(#[$doc:meta])* $variant:ident $english:literal, $japanese:literal;)*) => {
        /// A text behind `+OK`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Assent {
            $($(#[$doc])* $variant,)*
        }

        impl Assent {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The text.
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::English) => $english,
                    (Self::$variant, Language::Japanese) => $japanese,)*
                }
            }
        }
    };
}

assents! {
    /// The greeting.
    Ready "Watchpost ready", "Watchpost 準備完了";
    /// QUIT, and nothing was marked.
    Bye "bye", "さようなら。";
    /// QUIT, and what was marked is gone.
    ByeRemoved "bye, marked messages removed", "印の付いたメッセージを削除しました。さようなら。";
    /// USER.
    SendPass "send PASS", "PASS を送信してください。";
    /// STLS.
    BeginTls "begin TLS negotiation", "TLS のネゴシエーションを開始してください。";
    /// UTF8.
    Utf8 "UTF8 mode enabled", "UTF8 モードを有効にしました。";
    /// LANG with a range: the answer is in the new language already.
    LanguageChanged "language changed", "言語を日本語に変更しました。";
    /// DELE.
    Marked "marked as deleted", "削除の印を付けました。";
    /// RSET.
    Unmarked "no message is marked as deleted", "削除の印をすべて取り消しました。";
    /// NOOP.
    NothingDone "nothing done", "何もしませんでした。";
    /// LIST.
    ScanListing "scan listing follows", "サイズの一覧を送信します。";
    /// UIDL.
    UniqueIdListing "unique-id listing follows", "固有 ID の一覧を送信します。";
    /// CAPA.
    Capabilities "Capability list follows", "拡張機能の一覧を送信します。";
    /// AUTH alone.
    Mechanisms "mechanisms follow", "認証方式の一覧を送信します。";
    /// LANG alone.
    Languages "languages follow", "言語の一覧を送信します。";
}
