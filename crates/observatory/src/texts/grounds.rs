//! What speaks against a false alarm, in both languages.

use super::{Said, said};
use crate::ground::Ground;

const MANY_TIMES_USUAL: Said = said(
    "{n} times what the account retrieves in a day as a rule",
    "このアカウントが 1 日に取得する普段の量の {n} 倍です",
);

pub(super) const fn text(ground: Ground) -> Said {
    match ground {
        Ground::DifferentPasswords(_) => said("{n} different (password|passwords)", "{n} 個の異なるパスワード"),
        Ground::RepeatsNotCounted => {
            said("the same wrong password again was not counted", "同じ誤ったパスワードの繰り返しは数えていません")
        }
        Ground::NeverFromThisNet => {
            said("the owner is not at home in this network", "利用者の居場所ではないネットワークです")
        }
        Ground::NobodyFromThisNet => said("no owner was here in 30 days", "30 日間、ここから来た利用者はいません"),
        Ground::OwnersNotCounted => said(
            "owners' mistakes where they are at home were not counted",
            "居場所にいる利用者の打ち間違いは数えていません",
        ),
        Ground::NamesDoNotExist(_) => {
            said("{n} (name does|names do) not exist here", "{n} 個の名前はここに存在しません")
        }
        Ground::ManyNets(_) => said(
            "{n} (network|networks): no owner is in so many places",
            "{n} のネットワーク: 1 人の利用者がいられる数ではありません",
        ),
        Ground::SameTool => said("all speak alike to the octet", "すべてオクテット単位で同じ話し方です"),
        Ground::NoOwnerUsesThisTool => {
            said("no owner used this program in 90 days", "90 日間、どの利用者もこのソフトを使っていません")
        }
        Ground::KnownOctets => {
            said("the octets are those of a published attack", "公表されている攻撃のオクテット列です")
        }
        Ground::NoHonestLine => said("no mail program sends such a line", "メール ソフトはこのような行を送りません"),
        Ground::NoMailProgram => said(
            "no mail program speaks this protocol here",
            "メール ソフトがここでこのプロトコルを話すことはありません",
        ),
        Ground::NoMailCommand => {
            said("no mail program does this before login", "メール ソフトはログイン前にこのようなことをしません")
        }
        Ground::MachineTiming(_) => {
            said("as regular as a clock (the intervals vary by {n} %)", "時計のように規則的です(間隔のばらつき {n} %)")
        }
        Ground::UsedTlsBefore(_) => {
            said("{n} (login|logins) inside TLS from there before", "以前はそこから TLS で {n} 回ログインしています")
        }
        Ground::OneNetAlone => said(
            "no other network complains, so the certificate is good",
            "他のネットワークに苦情がないため、証明書は正常です",
        ),
        Ground::GuessesBefore(_) => {
            said("{n} wrong (guess|guesses) right before", "直前に {n} 回の誤った推測がありました")
        }
        Ground::NewTool => said(
            "this program never retrieved this account's mail before",
            "このソフトがこのアカウントのメールを取得するのは初めてです",
        ),
        Ground::ManyTimesUsual(_) => MANY_TIMES_USUAL,
        Ground::NobodyRead => said("nobody had read the messages", "メールは誰にも読まれていません"),
        Ground::NoHabit => said(
            "the account does not remove its mail habitually",
            "このアカウントにはメールを削除する習慣がありません",
        ),
        Ground::WasRight => {
            said("the password was right until its owner changed it", "利用者が変更するまで正しかったパスワードです")
        }
        Ground::NeverGuessed => said("no password was tried", "パスワードは試されていません"),
        Ground::SamePassword => {
            said("always the same password: a device, no guess", "常に同じパスワードです。推測ではなく端末です")
        }
        Ground::OperatorsList => said("the operator's list says so", "運用者のリストによります"),
    }
}

/// The word for an oddity, in Japanese.
pub(super) fn oddity(word: &str) -> &str {
    match word {
        "> 255 octets" => "255 オクテット超",
        "> 512 octets" => "512 オクテット超",
        "control characters" => "制御文字",
        "octets ≥ 0x80" => "0x80 以上のオクテット",
        "number" => "ありえない番号",
        "empty SASL" => "空の SASL データ",
        "a proof of another session" => "別のセッションの認証データ",
        other => other,
    }
}
