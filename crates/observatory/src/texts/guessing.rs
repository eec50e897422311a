//! Texts of the rules about guesses.

use super::{RuleText, said};
use crate::rules::RuleId;

pub(super) const TEXTS: &[RuleText] = &[
    RuleText {
        rule: RuleId::E1,
        name: said("Names tried to learn which exist", "利用者名の探索"),
        what: said(
            "Eight names that do not exist within an hour, hardly more than one guess each; or names left without PASS.",
            "1 時間に、存在しない名前を 8 個、それぞれほぼ 1 回ずつ試すこと、または PASS のない USER を繰り返すことです。",
        ),
        why: said(
            "A list of names that exist is worth money, and the next step is guessing.",
            "実在する名前の一覧は金になり、次の段階は推測です。",
        ),
        false_positives: said(
            "Somebody who mistypes his domain tries one name. Whoever comes in is taken off the list.",
            "ドメインを打ち間違えた人が試すのは 1 つの名前だけです。ログインできた名前は数えません。",
        ),
        response: said(
            "Known and unknown names get the same answer after the same time.",
            "実在する名前にもしない名前にも、同じ時間で同じ応答を返します。",
        ),
        sentence: said(
            "tried {accounts:name|names} to learn which exist",
            "実在する名前を調べるために {accounts} 個の名前を試しました",
        ),
    },
    RuleText {
        rule: RuleId::DC,
        name: said("Passwords that come with devices", "初期パスワード"),
        what: said(
            "A password that devices and guides ship for the name, or made of the name.",
            "機器や手引書がその名前に付けて配るパスワード、または名前から作ったパスワードです。",
        ),
        why: said(
            "Scanners, printers and test accounts keep them for years.",
            "スキャナー、プリンター、試験用アカウントが、何年もそのままにしています。",
        ),
        false_positives: said("An account in a laboratory.", "実験用のアカウントのこともあります。"),
        response: said("Weighs 4.", "4 点を数えます。"),
        sentence: said(
            "tried a password that comes with devices, on {account}",
            "{account} に、機器の初期パスワードを試しました",
        ),
    },
    RuleText {
        rule: RuleId::B1,
        name: said("Brute force on one account", "1 つのアカウントへの総当たり"),
        what: said(
            "Five or six different passwords on one account within minutes.",
            "数分間に、1 つのアカウントへ 5、6 個の異なるパスワードを試すことです。",
        ),
        why: said("Somebody works off a list of passwords.", "誰かがパスワードの一覧を順に試しています。"),
        false_positives: said(
            "Somebody who looks for his own password: where he is at home a guess weighs a quarter, and the same \
             wrong password again weighs nothing.",
            "自分のパスワードを思い出そうとする人もいます。その人の居場所では 4 分の 1 に数え、同じ誤りの繰り返しは数えません。",
        ),
        response: said(
            "Refusals come late, then a ban: 15 minutes, four times as long each time, a week at most.",
            "拒否を遅らせ、その後遮断します。最初は 15 分、以後 4 倍ずつ、最長 1 週間です。",
        ),
        sentence: said(
            "tried {guesses:password|passwords} on {account} in {time}",
            "{account} に、{time}の間に {guesses} 個のパスワードを試しました",
        ),
    },
    RuleText {
        rule: RuleId::B2,
        name: said("Many networks on one account", "1 つのアカウントへの分散攻撃"),
        what: said(
            "Twenty guesses on an account that exists, from eight networks or more, within a day.",
            "1 日の間に、実在するアカウントへ、8 以上のネットワークから 20 回の推測があることです。",
        ),
        why: said(
            "Somebody is after this owner, and has rented addresses to stay below every counter.",
            "誰かがこの利用者を狙い、どの計数にもかからないようアドレスを借りています。",
        ),
        false_positives: said(
            "An owner who travels with an old password: his device has one password, which counts once.",
            "古いパスワードのまま旅行する利用者もいますが、その端末のパスワードは 1 つで、一度しか数えません。",
        ),
        response: said(
            "The account is not locked. Strangers wait five seconds there; owners at home do not.",
            "アカウントは凍結しません。見知らぬ相手だけを 5 秒待たせ、居場所にいる利用者は待たせません。",
        ),
        sentence: said(
            "{guesses:guess|guesses} on {account} from {nets:network|networks} in a day",
            "{account} に、1 日の間に {nets} のネットワークから {guesses} 回の推測がありました",
        ),
    },
    RuleText {
        rule: RuleId::B3,
        name: said("Slow guessing", "低速の推測"),
        what: said(
            "Twelve guesses from one source, half of them forgotten each day.",
            "1 つの発信元からの 12 回の推測です(1 日ごとに半分を忘れます)。",
        ),
        why: said(
            "One try each quarter of an hour stays below every counter of minutes, and goes on for weeks.",
            "15 分に 1 回なら分単位の計数にかからず、何週間も続きます。",
        ),
        false_positives: said(
            "None known: repeats and owners' mistakes do not count.",
            "知られていません。繰り返しと利用者の打ち間違いは数えません。",
        ),
        response: said("A ban by the slow score.", "長期の点数に応じて遮断します。"),
        sentence: said(
            "keeps guessing slowly: about {guesses:guess|guesses} on {accounts:account|accounts} in {time}",
            "ゆっくりと推測を続けています: {time}で約 {guesses} 回、{accounts} アカウント",
        ),
    },
    RuleText {
        rule: RuleId::P1,
        name: said("One password on many accounts", "パスワード スプレー"),
        what: said(
            "Eight accounts within an hour with two passwords or few more, from one source; or one password on ten \
             accounts within a day, from anywhere.",
            "1 つの発信元から、1 時間に 8 アカウントへ 2 個程度のパスワードを試すこと、または 1 日に 1 つのパスワードが\
             どこからか 10 アカウントへ試されることです。",
        ),
        why: said(
            "One account in a hundred has a password like the season and the year.",
            "100 アカウントに 1 つは、「季節と年」のようなパスワードを使っています。",
        ),
        false_positives: said(
            "A first password that all share after a migration: owners at home do not count.",
            "移行後の共通の初期パスワードのこともありますが、居場所にいる利用者は数えません。",
        ),
        response: said(
            "A ban of the sources. Owners who use that password should change it.",
            "発信元を遮断します。そのパスワードを使う利用者は変更すべきです。",
        ),
        sentence: said(
            "tried {passwords:password|passwords} on {accounts:account|accounts}",
            "{passwords} 個のパスワードを {accounts} アカウントに試しました",
        ),
    },
    RuleText {
        rule: RuleId::C1,
        name: said("Stolen pairs tried", "クレデンシャル スタッフィング"),
        what: said(
            "Eight accounts within an hour, nearly each with its own password, once or twice.",
            "1 時間に 8 アカウントへ、ほぼそれぞれ別のパスワードを 1、2 回ずつ試すことです。",
        ),
        why: said(
            "Lists of names and passwords stolen elsewhere: who used one here too is open.",
            "他所で盗まれた名前とパスワードの一覧です。同じものをここでも使っている人は侵入されます。",
        ),
        false_positives: said(
            "An office on Monday morning: owners at home, and whoever comes in after a mistake, do not count.",
            "月曜の朝のオフィスも似ていますが、居場所にいる利用者と、間違えた後に入れた人は数えません。",
        ),
        response: said(
            "A ban. Whoever came in must change the password.",
            "遮断します。侵入されたアカウントはパスワードの変更が必要です。",
        ),
        sentence: said(
            "tried {accounts:account|accounts}, each with its own password ({passwords} different)",
            "{accounts} アカウントを、それぞれ別のパスワードで試しました({passwords} 種類)",
        ),
    },
    RuleText {
        rule: RuleId::D1,
        name: said("Botnet, low and slow", "低速の分散ボットネット"),
        what: said(
            "Ten sources or more that speak alike to the octet and guess fifty times within a day, few each.",
            "オクテット単位で同じ話し方をする 10 以上の発信元が、少しずつ、1 日に計 50 回推測することです。",
        ),
        why: said(
            "Each address alone is harmless; together they are one visitor with one list.",
            "1 つ 1 つのアドレスは無害でも、合わせれば 1 つの一覧を持つ 1 人の訪問者です。",
        ),
        false_positives: said(
            "Users of a common mail program speak alike, too: only guesses where nobody is at home count, and a tool \
             that owners use is never refused.",
            "よくあるメール ソフトの利用者も同じ話し方をします。利用者の居場所以外の推測だけを数え、利用者が使うソフトは拒否しません。",
        ),
        response: said(
            "The tool is refused while the campaign goes on, if the gate is switched on.",
            "関門を有効にしていれば、活動が続く間、そのツールを拒否します。",
        ),
        sentence: said(
            "campaign {campaign}: {sources:address|addresses} in {nets:network|networks}, one tool ({tool}), {guesses:guess|guesses} on {accounts:name|names} in {time}",
            "活動 {campaign}: {nets} ネットワークの {sources} アドレスが、同じツール({tool})で、{time}に {accounts} 個の名前へ {guesses} 回推測しました",
        ),
    },
    RuleText {
        rule: RuleId::H1,
        name: said("Came in after guesses", "推測の後のログイン"),
        what: said(
            "A login from a network that is new for the account, after three guesses or more within a day.",
            "1 日に 3 回以上の推測があった後、そのアカウントにとって新しいネットワークからログインすることです。",
        ),
        why: said("The last guess may have been right.", "最後の推測が当たったのかもしれません。"),
        false_positives: said(
            "An owner who travels and mistypes. He knows; strangers do not answer.",
            "旅先で打ち間違えた利用者のこともあります。本人に聞けばわかります。",
        ),
        response: said(
            "Let in, and told to the owner and the administrator. The network is not trusted.",
            "ログインは許可し、利用者と管理者に知らせます。そのネットワークは信頼しません。",
        ),
        sentence: said(
            "somebody came in to {account} from {net}, after {guesses:guess|guesses} in a day",
            "1 日に {guesses} 回の推測があった後、{net} から {account} にログインがありました",
        ),
    },
    RuleText {
        rule: RuleId::O1,
        name: said("The old password from elsewhere", "別の場所からの古いパスワード"),
        what: said(
            "The password that was right until its owner changed it, from where no owner is at home.",
            "利用者が変更するまで正しかったパスワードが、利用者のいない場所から使われることです。",
        ),
        why: said(
            "It has leaked. The one of today is not affected, but other places may be.",
            "そのパスワードは漏れています。現在のものは無事ですが、他のサービスが危険かもしれません。",
        ),
        false_positives: said(
            "A forgotten device at home: that is rule M2.",
            "自宅に忘れられた端末なら、ルール M2 です。",
        ),
        response: said("Told to the owner.", "利用者に知らせます。"),
        sentence: said(
            "the old password of {account} was used from {net}: it has leaked",
            "{account} の古いパスワードが {net} から使われました。漏れています",
        ),
    },
];
