//! What a reader whose server sees this can do about it, rule by rule.

use watchpost_observatory::RuleId;
use watchpost_proto::catalogue::explain::Said;

/// What to do.
pub(super) fn advice(rule: RuleId) -> Said {
    let (english, japanese) = match rule {
        RuleId::W1 | RuleId::W2 | RuleId::W3 | RuleId::N1 | RuleId::A1 | RuleId::M1 | RuleId::T1 => of_lookers(rule),
        RuleId::E1 | RuleId::DC | RuleId::B1 | RuleId::B2 | RuleId::B3 | RuleId::P1 | RuleId::C1 | RuleId::D1 => {
            of_guessers(rule)
        }
        RuleId::S1 | RuleId::S2 | RuleId::X1 | RuleId::F1 => of_attackers(rule),
        RuleId::H1 | RuleId::H2 | RuleId::H3 | RuleId::H4 | RuleId::H5 | RuleId::M2 | RuleId::O1 => of_accounts(rule),
    };
    Said { english, japanese }
}

fn of_lookers(rule: RuleId) -> (&'static str, &'static str) {
    match rule {
        RuleId::W1 => (
            "Nothing. Every address of the internet is looked at many times a day.",
            "何もする必要はありません。インターネット上のアドレスは、どれも毎日何度も見られています。",
        ),
        RuleId::W2 => (
            "Nothing. If it comes from your own network, look which program it is: it may be a monitor that you forgot.",
            "何もする必要はありません。自分のネットワークから来ている場合は、忘れていた監視ソフトかもしれないので、\
             どのプログラムかを確かめてください。",
        ),
        RuleId::W3 => (
            "Nothing, if it is a scanner. If it is TLS on port 110 or clear text on port 995 from one of your users, \
             correct the settings of that mail program: port 995 with “SSL/TLS”, port 110 with “STARTTLS”.",
            "スキャナーであれば何もする必要はありません。利用者のメール ソフトがポート 110 に TLS で、またはポート 995 \
             に平文で接続している場合は、設定を直します。995 は「SSL/TLS」、110 は「STARTTLS」です。",
        ),
        RuleId::N1 => (
            "Nothing. If a colleague uses Outlook with “Secure Password Authentication”, switch that off: inside TLS \
             it protects nothing more.",
            "何もする必要はありません。同僚が Outlook の「セキュリティで保護されたパスワード認証」を使っている場合は\
             オフにします。TLS の中では、それ以上の保護になりません。",
        ),
        RuleId::A1 => (
            "Nothing: what is not offered cannot be used. Do not offer mechanisms that no user of yours needs.",
            "何もする必要はありません。提供していない方式は使えません。利用者に必要のない方式は提供しないでください。",
        ),
        RuleId::M1 => (
            "If it is your own monitor, put its address into `observatory.allow`, so that it is left out of reports.",
            "自分の監視ソフトであれば、そのアドレスを `observatory.allow` に加えると、報告から除かれます。",
        ),
        _ => (
            "Nothing by itself: honest people use Tor too. Read it together with what the visitor did.",
            "それだけでは何もする必要はありません。Tor は正当な人も使います。その訪問者が何をしたかと合わせて読みます。",
        ),
    }
}

fn of_guessers(rule: RuleId) -> (&'static str, &'static str) {
    match rule {
        RuleId::E1 => (
            "Nothing: the answers tell nobody which names exist. Do not publish lists of addresses that log in.",
            "何もする必要はありません。応答からは、どの名前が存在するかは分かりません。ログインに使うアドレスの一覧を\
             公開しないようにします。",
        ),
        RuleId::DC => (
            "Make sure that no account has the name of a device or of a role (`scan`, `fax`, `test`) with an easy \
             password. `watchpost user list` shows all of them.",
            "機器や役割の名前(`scan`、`fax`、`test` など)のアカウントに、簡単なパスワードが付いていないことを確かめま\
             す。`watchpost user list` ですべて確認できます。",
        ),
        RuleId::B1 => (
            "Nothing at once: each answer comes later than the one before. If the account's password is a common one, ask the \
             owner to change it (`watchpost user passwd`).",
            "急いですることはありません。応答は、失敗するたびに遅くなります。よくあるパスワードを使っている場\
             合は、所有者に変更を頼みます(`watchpost user passwd`)。",
        ),
        RuleId::B2 => (
            "Do not lock the account: that is what would hurt its owner. Tell the owner, and make sure that the \
             password is long and used nowhere else.",
            "アカウントをロックしないでください。困るのは所有者です。所有者に知らせ、長く、他で使っていないパスワード\
             であることを確かめてもらいます。",
        ),
        RuleId::B3 => (
            "Nothing: patience does not help the guesser, because Watchpost remembers for days.",
            "何もする必要はありません。Watchpost は何日も覚えているので、時間をかけても推測する側の得にはなりません。",
        ),
        RuleId::P1 => (
            "Find out whether anybody uses that sort of password (season and year, the name of the firm), and forbid \
             it. One hit is enough for the sprayer.",
            "「季節と西暦」や社名のようなパスワードを使っている人がいないか確かめ、禁止します。スプレーする側は 1 件当た\
             れば十分だからです。",
        ),
        RuleId::C1 => (
            "Whoever is on such a list has used one password in two places. Look with `watchpost account NAME` at \
             those of your accounts that were tried, and ask their owners to choose a new one.",
            "こうした一覧に載っている人は、同じパスワードを複数の場所で使っています。試されたアカウントを `watchpost \
             account 名前` で調べ、所有者に新しいパスワードを選んでもらいます。",
        ),
        _ => (
            "Nothing for each address: there are too many. `watchpost campaign` shows all of them together, and who \
             of your users, if anybody, uses the same program.",
            "アドレスごとの対応は不要です(数が多すぎます)。`watchpost campaign` で全体と、同じプログラムを使う利用者が\
             いるかどうかを確認できます。",
        ),
    }
}

fn of_attackers(rule: RuleId) -> (&'static str, &'static str) {
    match rule {
        RuleId::S1 => (
            "Nothing was obeyed. If it came from the network of a user, somebody may stand on the path between: ask \
             that user to connect to port 995, where nothing is sent before TLS.",
            "送り込まれたコマンドは実行されていません。利用者のネットワークから来た場合は、途中に誰かがいる可能性があり\
             ます。TLS の前に何も送らないポート 995 を使うように伝えます。",
        ),
        RuleId::S2 => (
            "Ask the owner which network it was, and whether the mail program warned of a certificate. Keep \
             `plaintext_login = \"never\"`: then a stripped connection cannot log in.",
            "どのネットワークだったか、メール ソフトが証明書の警告を出したかを所有者に尋ねます。`plaintext_login = \
             \"never\"` のままにすれば、TLS を外された接続ではログインできません。",
        ),
        RuleId::X1 => (
            "Nothing, if your server is Watchpost: the line was refused before anything looked at it. If another \
             program once listened at this address, it was the target.",
            "Watchpost であれば何もする必要はありません。その行は、処理される前に拒否されています。以前、このアドレスで\
             別のソフトが動いていたなら、狙われたのはそちらです。",
        ),
        _ => (
            "Nothing, as long as your users come in. If they do not, lower `limits.connections_per_address`.",
            "利用者が接続できている間は、何もする必要はありません。接続できない場合は \
             `limits.connections_per_address` を下げます。",
        ),
    }
}

fn of_accounts(rule: RuleId) -> (&'static str, &'static str) {
    match rule {
        RuleId::H1 => (
            "Ask the owner at once: was that you? If not, set a new password (`watchpost user passwd`) and read what \
             the session took.",
            "すぐに所有者に「あなたですか」と尋ねます。違う場合は、新しいパスワードを設定し(`watchpost user passwd`)、\
             そのセッションで何が読まれたかを調べます。",
        ),
        RuleId::H2 => (
            "Ask the owner whether a new device was set up. If not, everything in the maildrop has to be thought of \
             as read: change the password, and those that were in the mail.",
            "新しい端末を設定したかどうかを所有者に尋ねます。違う場合、メールはすべて読まれたと考え、このパスワードと、\
             メールに書かれていたパスワードを変更します。",
        ),
        RuleId::H3 => (
            "Ask the owner. Somebody who reads headers alone is looking for something, and will come back for it.",
            "所有者に尋ねます。ヘッダーだけを読む者は何かを探しており、後で取りに戻ってきます。",
        ),
        RuleId::H4 => (
            "Change the mail password first, then those of the services whose messages were retrieved: their resets \
             go to this maildrop.",
            "まずメールのパスワードを、次に、取得されたメールの送信元サービスのパスワードを変更します。それらの再設定\
             メールはここに届くからです。",
        ),
        RuleId::H5 => (
            "Change the password, and bring the messages back from a backup of the Maildir. What was removed in the \
             UPDATE state is gone from the server.",
            "パスワードを変更し、Maildir のバックアップからメールを戻します。UPDATE 状態で削除されたメールは、サーバーに\
             残っていません。",
        ),
        RuleId::M2 => (
            "Tell the owner which device it is: the report names its program, its network and its rhythm.",
            "どの端末かを所有者に伝えます。報告には、プログラム、ネットワーク、間隔が書かれています。",
        ),
        _ => (
            "The present password is safe, but the old one is known to somebody. Wherever else it was used, it must \
             be changed.",
            "現在のパスワードは無事ですが、古いパスワードは誰かに知られています。他の場所で使っていた場合は、すべて変更\
             します。",
        ),
    }
}
