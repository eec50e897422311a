//! Texts of the rules about what happens before anybody logs in.

use super::{RuleText, said};
use crate::rules::RuleId;

pub(super) const TEXTS: &[RuleText] = &[
    RuleText {
        rule: RuleId::W1,
        name: said("A look at the greeting", "あいさつだけの接続"),
        what: said(
            "A connection that says nothing, or only QUIT, and goes.",
            "何も送らないか、QUIT だけを送って切れる接続です。",
        ),
        why: said(
            "Surveys of the internet, port scans, health checks and monitors look whether somebody answers.",
            "インターネット調査、ポート スキャン、ヘルスチェック、監視ソフトが、応答の有無を確かめています。",
        ),
        false_positives: said(
            "Monitors and load balancers do this all day. It is a label, and weighs nothing.",
            "監視ソフトやロード バランサーは一日中これを行います。ラベルにすぎず、点数には数えません。",
        ),
        response: said("Nothing.", "何もしません。"),
        sentence: said(
            "looked at the greeting and went ({sessions:visit|visits} so far)",
            "あいさつだけを見て切断しました(これまでに {sessions} 回)",
        ),
    },
    RuleText {
        rule: RuleId::W2,
        name: said("A look at what is offered", "機能の調査"),
        what: said(
            "CAPA, STLS, or commands that are no POP3, and no login.",
            "CAPA や STLS、または POP3 にないコマンドを送り、ログインせずに切れる接続です。",
        ),
        why: said(
            "Scanners note which program and which mechanisms are here, for later.",
            "スキャナーが、後で使うために、どのソフトがどの認証方式を提供しているかを記録しています。",
        ),
        false_positives: said(
            "Mail programs ask CAPA when an account is set up. HELP, and NOOP before login, are sent by surveys alone.",
            "メール ソフトも、アカウント設定のときに CAPA を送ります。ログイン前の HELP と NOOP を送るのは調査だけです。",
        ),
        response: said("Nothing.", "何もしません。"),
        sentence: said(
            "looked at what is offered and went ({tool})",
            "提供している機能だけを調べて切断しました({tool})",
        ),
    },
    RuleText {
        rule: RuleId::W3,
        name: said("Another protocol", "POP3 以外のプロトコル"),
        what: said(
            "The first octets are HTTP, TLS in the wrong place, SMTP, IMAP, SSH, RDP, SOCKS and the like. Three \
             protocols in ten minutes, or ten probes in an hour, are a scanner.",
            "最初のオクテットが、HTTP、場所を誤った TLS、SMTP、IMAP、SSH、RDP、SOCKS などです。10 分間に 3 種類、\
             または 1 時間に 10 回で、スキャナーと判断します。",
        ),
        why: said(
            "Scanners try every protocol on every port, to find proxies, cameras and consoles.",
            "スキャナーは、プロキシ、カメラ、管理画面を探して、すべてのポートであらゆるプロトコルを試します。",
        ),
        false_positives: said(
            "TLS on port 110 and clear text on port 995 are mail programs that are set up wrongly: they weigh nothing.",
            "ポート 110 での TLS と、ポート 995 での平文は、設定を誤ったメール ソフトです。点数には数えません。",
        ),
        response: said(
            "One line that helps, then close; a scanner is banned by its score.",
            "助けになる 1 行を返して切断します。スキャナーは点数に応じて遮断します。",
        ),
        sentence: said(
            "spoke {protocol} instead of POP3 ({times:probe|probes}, {protocols:protocol|protocols})",
            "POP3 ではなく {protocol} を話しました({times} 回、{protocols} 種類)",
        ),
    },
    RuleText {
        rule: RuleId::N1,
        name: said("NTLM asked for what it tells", "NTLM による情報収集"),
        what: said(
            "AUTH NTLM, perhaps with its first message, and then no login.",
            "AUTH NTLM(最初のメッセージを伴うこともある)を送り、ログインせずに切れる接続です。",
        ),
        why: said(
            "The answer of a Windows server would tell the names of the machine and its domain to anybody.",
            "Windows サーバーなら、その応答で、マシン名とドメイン名を誰にでも教えてしまいます。",
        ),
        false_positives: said(
            "Outlook with secure password authentication ticked asks too, but then goes on to log in.",
            "「セキュリティで保護されたパスワード認証」を有効にした Outlook も送りますが、その後ログインに進みます。",
        ),
        response: said(
            "The mechanism is not offered. It weighs 6, once a day.",
            "この方式は提供していません。1 日に 1 回だけ 6 点を数えます。",
        ),
        sentence: said(
            "asked for NTLM only to learn what it tells ({tool})",
            "情報を得るためだけに NTLM を要求しました({tool})",
        ),
    },
    RuleText {
        rule: RuleId::A1,
        name: said("Mechanisms tried one after another", "認証方式の総当たり"),
        what: said(
            "Three mechanisms of AUTH that are not offered, in one session.",
            "提供していない AUTH の方式を、1 つのセッションで 3 種類試すことです。",
        ),
        why: said("A tool looks for the weakest way in.", "ツールが、最も弱い入り口を探しています。"),
        false_positives: said(
            "A client that ignores CAPA tries one or two.",
            "CAPA を無視するクライアントでも、試すのは 1 つか 2 つです。",
        ),
        response: said("Nothing.", "何もしません。"),
        sentence: said(
            "tried {mechanisms:mechanism|mechanisms} of AUTH that are not offered",
            "提供していない AUTH の方式を {mechanisms} 種類試しました",
        ),
    },
    RuleText {
        rule: RuleId::S1,
        name: said("Commands slipped in behind STLS", "STLS の後ろへのコマンド混入"),
        what: said(
            "Clear text in the same read as STLS that is no TLS record.",
            "STLS と同時に届いた、TLS レコードではない平文です。",
        ),
        why: said(
            "Somebody on the path wants his commands obeyed inside the TLS of another (CVE-2011-0411 and its family).",
            "通信経路上の誰かが、他人の TLS の中で自分のコマンドを実行させようとしています(CVE-2011-0411 とその同類)。",
        ),
        false_positives: said(
            "A ClientHello that came too early is impatience, and is told apart.",
            "早く届きすぎた ClientHello は待ちきれないだけのものとして区別します。",
        ),
        response: said("No reply, close, ban for a day.", "応答せずに切断し、1 日遮断します。"),
        sentence: said(
            "slipped {octets:octet|octets} in behind STLS, to be obeyed inside TLS",
            "TLS の中で実行させようと、STLS の後ろに {octets} オクテットを紛れ込ませました",
        ),
    },
    RuleText {
        rule: RuleId::S2,
        name: said("TLS taken away", "TLS の剥奪"),
        what: said(
            "A network whose owners always used TLS logs in without it, offers only what is too old, or complains \
             again and again about our certificate.",
            "いつも TLS を使っていた利用者のネットワークから、TLS なしのログイン、古すぎる TLS だけの提示、または証明書\
             への苦情が繰り返し届くことです。",
        ),
        why: said(
            "Somebody between the owner and us removes the offer of TLS, or shows another certificate.",
            "利用者とサーバーの間にいる誰かが、TLS の提示を消しているか、別の証明書を見せています。",
        ),
        false_positives: said(
            "A new device, or our own certificate that has expired: then many networks complain at once, and the \
             verdict says so.",
            "新しい端末や、こちらの証明書の期限切れのこともあります。期限切れなら多くのネットワークが同時に苦情を\
             送るため、判定にもそう書きます。",
        ),
        response: said(
            "Logins in clear text are refused by policy. Tell the owner.",
            "平文でのログインは方針として拒否します。利用者に知らせてください。",
        ),
        sentence: said(
            "TLS is missing or doubted where it was always used[: {net}][, {times:time|times}][: {nets} networks at once, \
             so look at the certificate][, TLS alert {alert}]",
            "いつも TLS を使っていた利用者の所で、TLS が使われないか疑われています[({net})][。回数 {times}][。{nets} ネットワークが\
             同時なので、証明書を確かめてください][。TLS アラート {alert}]",
        ),
    },
    RuleText {
        rule: RuleId::X1,
        name: said("An attack on the program", "プログラムへの攻撃"),
        what: said(
            "The octets of a published attack, a NUL, machine code, lines beyond 512 octets; or a line no honest \
             client sends.",
            "公表されている攻撃のオクテット列、NUL、機械語、512 オクテットを超える行、または正しいクライアントが送ら\
             ない行です。",
        ),
        why: said(
            "Scanners still try holes of servers of twenty years ago. This server bounds every line.",
            "スキャナーは、20 年前のサーバーの穴を今も試しています。このサーバーはすべての行の長さを制限しています。",
        ),
        false_positives: said(
            "Long passphrases, UTF-8 in names and SASL data within their limits never fire it. Other strange lines \
             weigh little, once.",
            "長いパスフレーズ、名前の UTF-8、制限内の SASL データでは発動しません。その他の奇妙な行は、一度だけ軽く数えます。",
        ),
        response: said("An attack is banned for a day.", "攻撃は 1 日遮断します。"),
        sentence: said(
            "sent a line that attacks programs: [{exploit}][{oddity}] ({octets:octet|octets})",
            "プログラムを攻撃する行を送りました: [{exploit}][{oddity}]({octets} オクテット)",
        ),
    },
    RuleText {
        rule: RuleId::F1,
        name: said("Connections held to wear us out", "資源を枯渇させる接続"),
        what: said(
            "Five silent connections at once, or one after another, or twenty TLS handshakes in a minute, and no login.",
            "無言の接続が同時または連続して 5 本、または 1 分間に 20 回の TLS ハンドシェイクがあり、ログインがないことです。",
        ),
        why: said("Whoever holds all places keeps the owners out.", "すべての席を占めれば、利用者を締め出せます。"),
        false_positives: said(
            "Phones behind one address are silent too: where an owner is at home, the rule is off.",
            "1 つのアドレスの後ろにある電話機も無言になります。利用者の居場所では、このルールは働きません。",
        ),
        response: said("Shorter deadlines while places are few.", "席が少ない間だけ、期限を短くします。"),
        sentence: said(
            "holds or opens {sessions:connection|connections} without a login",
            "ログインせずに {sessions} 本の接続を保持または開始しています",
        ),
    },
    RuleText {
        rule: RuleId::T1,
        name: said("Where it comes from", "発信元"),
        what: said(
            "The operator's lists name the address: Tor, rented servers, a survey.",
            "運用者のリストにあるアドレスです(Tor、レンタル サーバー、調査)。",
        ),
        why: said(
            "Intruders hide there; guesses from there weigh half as much again.",
            "侵入者が隠れる場所です。ここからの推測は 1.5 倍に数えます。",
        ),
        false_positives: said(
            "An owner who likes his privacy. It is a label.",
            "プライバシーを重んじる利用者のこともあります。ラベルにすぎません。",
        ),
        response: said("Nothing by itself.", "これだけでは何もしません。"),
        sentence: said("comes from {origin}[ ({country})]", "発信元は {origin}[({country})] です"),
    },
];
