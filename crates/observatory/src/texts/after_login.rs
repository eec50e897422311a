//! Texts of the rules about what happens after a login, and about visitors who are no danger.

use super::{RuleText, said};
use crate::rules::RuleId;

pub(super) const TEXTS: &[RuleText] = &[
    RuleText {
        rule: RuleId::H2,
        name: said("Everything taken at once", "メールの大量取得"),
        what: said(
            "Nearly all of fifty messages or more, or 50 MB, in one session, or ten times what the account retrieves in a day, by a program or from a network that is new for the account.",
            "そのアカウントにとって新しいソフトやネットワークから、1 回のセッションで、50 通以上のほぼすべて、50 MB、または普段の 1 日の 10 倍を取得することです。",
        ),
        why: said("Whoever gets in takes a copy first.", "侵入者は、まず写しを取ります。"),
        false_positives: said(
            "A new phone takes all once: at home this is a question, no alarm.",
            "新しい電話機は一度すべてを取得します。利用者の居場所なら、警報ではなく問いかけです。",
        ),
        response: said("Told to the owner: was this you?", "利用者に「あなたですか」と尋ねます。"),
        sentence: said(
            "{messages:message|messages} ({octets}) of {account} were taken at once from {net}",
            "{account} のメール {messages} 通({octets})が、{net} から一度に取得されました",
        ),
    },
    RuleText {
        rule: RuleId::H3,
        name: said("Headers read by the dozen", "ヘッダーの走査"),
        what: said(
            "Fifty TOP with few lines, and hardly any RETR, by a stranger.",
            "見知らぬ相手が、行数の少ない TOP を 50 回送り、RETR をほとんど送らないことです。",
        ),
        why: said(
            "Somebody looks for something: banks, shops, other accounts.",
            "銀行、店、他のアカウントなど、何かを探しています。",
        ),
        false_positives: said(
            "Programs for slow lines read headers first: where the owner is at home, the rule is off.",
            "低速回線用のソフトはヘッダーを先に読みます。利用者の居場所では、このルールは働きません。",
        ),
        response: said("Told to the owner.", "利用者に知らせます。"),
        sentence: said(
            "the headers of {topped:message|messages} of {account} were read from {net}, and {messages} whole",
            "{account} のメール {topped} 通のヘッダーが {net} から読まれ、全文は {messages} 通でした",
        ),
    },
    RuleText {
        rule: RuleId::H4,
        name: said("Codes and resets looked for", "認証コードの探索"),
        what: said(
            "A stranger looks at headers and retrieves nothing but messages about codes, resets or invoices; or asks each half minute and retrieves what has just come.",
            "見知らぬ相手が、ヘッダーを見て、認証コード、再設定、請求のメールだけを取得すること、または 30 秒ごとに来て、届いたばかりのメールを取得することです。",
        ),
        why: said(
            "The maildrop opens other doors: shops and banks send their keys here.",
            "メールは他の扉を開きます。店や銀行は、鍵をここに送ります。",
        ),
        false_positives: said(
            "An owner who waits for his own code is at home, or was in this network before.",
            "自分のコードを待つ利用者は、居場所か、以前使ったネットワークにいます。",
        ),
        response: said("Told to the owner and the administrator at once.", "利用者と管理者にすぐ知らせます。"),
        sentence: said(
            "somebody in {net} looks for codes in the mail of {account}: {topped:header|headers} read, {messages:message|messages} taken, the youngest {age} old",
            "{net} の誰かが {account} のメールで認証コードを探しています: ヘッダー {topped} 件を読み、{messages} 通を取得、最新は {age}前",
        ),
    },
    RuleText {
        rule: RuleId::H5,
        name: said("The maildrop emptied", "メールの全削除"),
        what: said(
            "A stranger removes twenty messages or more that nobody retrieved, or nearly all there are.",
            "見知らぬ相手が、誰も取得していないメールを 20 通以上、またはほぼすべてを削除することです。",
        ),
        why: said("Traces are removed, or harm is meant.", "痕跡を消しているか、害を加えようとしています。"),
        false_positives: said(
            "Programs that leave no copy remove what they have retrieved: that habit is learned.",
            "写しを残さないソフトは、取得したメールを削除します。その習慣は学習します。",
        ),
        response: said("Told at once.", "すぐに知らせます。"),
        sentence: said(
            "{messages:message|messages} of {account} were removed from {net}, {unread} of them unread",
            "{account} のメール {messages} 通が {net} から削除され、うち {unread} 通は未読でした",
        ),
    },
    RuleText {
        rule: RuleId::M1,
        name: said("A monitor", "監視ソフト"),
        what: said(
            "Twenty visits as regular as a clock that read no mail and guess nothing.",
            "メールを読まず、推測もしない、時計のように規則的な 20 回の接続です。",
        ),
        why: said("Somebody watches whether we are up.", "誰かが稼働状況を見守っています。"),
        false_positives: said("A fetcher reads mail, so it is none.", "取得ソフトはメールを読むため、該当しません。"),
        response: said(
            "None. It may be put on the list of those allowed.",
            "何もしません。許可リストに入れることもできます。",
        ),
        sentence: said(
            "is a monitor: {sessions:visit|visits}, one each {interval}",
            "監視ソフトです: {interval}ごとに、これまで {sessions} 回",
        ),
    },
    RuleText {
        rule: RuleId::M2,
        name: said("A device with an old password", "古いパスワードの端末"),
        what: said(
            "The same wrong password on the same account from the same place, again and again.",
            "同じ場所から、同じアカウントへ、同じ誤ったパスワードが繰り返されることです。",
        ),
        why: said(
            "Somebody changed a password, and a phone or printer does not know.",
            "パスワードを変更した後、電話機やプリンターに設定し直していません。",
        ),
        false_positives: said(
            "It is what other rules would take for a guesser. It is never banned.",
            "他のルールなら攻撃と見誤るものです。これを理由に遮断することはありません。",
        ),
        response: said("None. Tell the owner which device.", "何もしません。どの端末かを利用者に知らせてください。"),
        sentence: said(
            "a device repeats an old password of {account}: {times:time|times}, one each {interval} ({tool})",
            "端末が {account} の古いパスワードを繰り返しています: {interval}ごとに {times} 回({tool})",
        ),
    },
];
