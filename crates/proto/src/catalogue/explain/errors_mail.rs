//! E-42 to E-61: extensions, messages, the end of a session, and proxies.

use super::{ErrorLesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T};

pub(super) const MAIL: &[ErrorLesson] = &[
    ErrorLesson {
        id: "E-42",
        states: &[A],
        source: "RFC 2595 §4",
        situation: "TLS が有効な接続での STLS",
        text: Said {
            english: "The connection is protected already, since port 995 or an earlier STLS. The session goes on \
                      inside TLS. A mail program is set to STARTTLS on a port that begins with TLS: choose SSL/TLS \
                      there.",
            japanese: "接続は、ポート 995 または以前の STLS によってすでに保護されています。セッションは TLS の中で\
                       続きます。最初から TLS を使うポートに対して、メール ソフトで STARTTLS が選ばれています。\
                       SSL/TLS を選んでください。",
        },
        scene: Scene::Tls,
        dialogue: "C: STLS",
        see_also: &["STLS", "POP3S"],
    },
    ErrorLesson {
        id: "E-43",
        states: &[A],
        source: "RFC 2595 §4; RFC 8314 §4",
        situation: "証明書のない STLS",
        text: Said {
            english: "The server has no certificate, so it cannot begin TLS, and CAPA does not list STLS. A client \
                      that wants protection must end here and not go on in clear text. The operator has to \
                      configure a certificate.",
            japanese: "サーバーに証明書がないため、TLS を開始できません。CAPA にも STLS は示されません。保護を必要\
                       とするクライアントは、平文で続けずに、ここで終了してください。管理者による証明書の設定が必要\
                       です。",
        },
        scene: Scene::NoTls,
        dialogue: "C: STLS",
        see_also: &["STLS", "CAPA"],
    },
    ErrorLesson {
        id: "E-44",
        states: &[A],
        source: "RFC 6856 §2.1",
        situation: "UTF8 の後の STLS",
        text: Said {
            english: "STLS comes first, then UTF8: what was agreed in clear text must not count inside TLS. The \
                      client program has the order wrong. Connect again and begin with STLS.",
            japanese: "順序は STLS が先で、UTF8 が後です。平文で取り決めた内容を TLS の中に持ち込まないためです。ク\
                       ライアントのプログラムの順序が誤っています。接続し直し、STLS から始めてください。",
        },
        scene: Scene::Clear,
        dialogue: "C: UTF8\nS: +OK UTF8 mode enabled\nC: STLS",
        see_also: &["STLS", "UTF8"],
    },
    ErrorLesson {
        id: "E-45",
        states: &[A],
        source: "RFC 6856 §2",
        situation: "UTF8 の拒否",
        text: Said {
            english: "The server does not offer UTF8 mode at present, and CAPA does not list it. The client may \
                      simply go on: mail with UTF-8 in its header then comes in a form that every client can read. \
                      No mail is lost by it.",
            japanese: "サーバーは今 UTF8 モードに対応しておらず、CAPA にも示されません。クライアントはそのまま続け\
                       られます。ヘッダーに UTF-8 を含むメールは、どのクライアントでも読める形で送信され、失われる\
                       メールはありません。",
        },
        scene: Scene::Told,
        dialogue: "C: UTF8",
        see_also: &["UTF8", "LANG"],
    },
    ErrorLesson {
        id: "E-46",
        states: &[A, T],
        source: "RFC 6856 §3.2",
        situation: "LANG: 該当なし",
        text: Said {
            english: "None of the server's languages fits the range asked for, and the old language stays. LANG \
                      alone lists what there is.",
            japanese: "指定した範囲に該当する言語がサーバーにないため、元の言語のままです。引数なしの LANG で、使用\
                       できる言語の一覧を確認できます。",
        },
        scene: Scene::Tls,
        dialogue: "C: LANG tlh",
        see_also: &["LANG", "E-47"],
    },
    ErrorLesson {
        id: "E-47",
        states: &[A, T],
        source: "RFC 6856 §3.2",
        situation: "LANG: 一覧を表示できない",
        text: Said {
            english: "The server cannot say at present which languages it has. That is rare and harmless: the \
                      language stays as it is, and a language can still be asked for by its tag.",
            japanese: "サーバーは、対応している言語の一覧を今は返せません。まれなことで、害はありません。言語は元の\
                       ままで、言語タグを指定して変更することもできます。",
        },
        scene: Scene::Told,
        dialogue: "C: LANG",
        see_also: &["LANG", "E-46"],
    },
    ErrorLesson {
        id: "E-48",
        states: &[T],
        source: "RFC 1939 §5",
        situation: "形式の誤り、0、桁あふれのある番号",
        text: Said {
            english: "A message-number is written in decimal digits alone and begins at 1: no sign, no letters, no \
                      zero, nothing beyond 32 bits. The server does not guess, and did nothing. People often type \
                      a unique-id here; UIDL tells which number belongs to it.",
            japanese: "メッセージ番号は 1 から始まる 10 進数の数字だけで表します。符号、文字、0、32 ビットを超える\
                       値は使えません。サーバーは推測せず、何も実行していません。固有 ID を入力してしまうことがよく\
                       ありますが、対応する番号は UIDL で確認できます。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR 0",
        see_also: &["message-number", "E-49"],
    },
    ErrorLesson {
        id: "E-49",
        states: &[T],
        source: "RFC 1939 §5",
        situation: "通数を超える番号",
        text: Said {
            english: "The number is beyond the last message; the reply says how many the maildrop has. Numbers \
                      were given at login, so mail that came since is not among them. A client that remembers \
                      numbers from an earlier session must use unique-ids instead.",
            japanese: "番号が最後のメッセージを超えています。メールボックスにあるメッセージの数は、応答に示されます\
                       。番号はログインのときに付けられるので、その後に届いたメールは含まれません。以前のセッション\
                       の番号を覚えているクライアントは、代わりに固有 ID を使う必要があります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR 3",
        see_also: &["message-number", "STAT", "LIST"],
    },
    ErrorLesson {
        id: "E-50",
        states: &[T],
        source: "RFC 1939 §5",
        situation: "削除の印が付いたメッセージ",
        text: Said {
            english: "The message was marked by DELE earlier in this session and counts as gone, though it still \
                      lies on disk. RSET brings it back, with all the others; so does ending the connection \
                      without QUIT.",
            japanese: "このメッセージは、このセッションで DELE により印が付けられ、ないものとして扱われます。ただし\
                       、まだディスクに残っています。RSET を送信すると、ほかの印と一緒に取り消されます。QUIT なしで\
                       接続を終えても同じです。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: RETR 1",
        see_also: &["DELE", "RSET"],
    },
    ErrorLesson {
        id: "E-51",
        states: &[T],
        source: "RFC 1939 §7",
        situation: "TOP の行数の形式の誤り",
        text: Said {
            english: "The second argument of TOP is a number of lines in decimal digits, zero or more. Nothing was \
                      sent. The number may be larger than the message; then all of it comes.",
            japanese: "TOP の 2 番目の引数は、0 以上の行数を表す 10 進数の数字です。何も送信していません。メッセー\
                       ジの行数より大きくてもかまわず、その場合は全体が送信されます。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: TOP 1 -1",
        see_also: &["TOP", "E-48"],
    },
    ErrorLesson {
        id: "E-52",
        states: &[T],
        source: "RFC 1939 §4, §5",
        situation: "ほかの方法で削除されたメッセージ",
        text: Said {
            english: "The message was there at login and has been removed since, by another program that works on \
                      the same mail. The other messages keep their numbers. Skip it; asking again and again counts \
                      as bad commands.",
            japanese: "ログインのときにはあったメッセージが、同じメールを扱う別のプログラムによって、その後に削除さ\
                       れました。ほかのメッセージの番号は変わりません。このメッセージは飛ばしてください。繰り返し要\
                       求すると、無効なコマンドとして数えられます。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 1",
        see_also: &["E-53", "maildrop", "message-number"],
    },
    ErrorLesson {
        id: "E-53",
        states: &[T],
        source: "RFC 3206 §4",
        situation: "今は読み出せないメッセージ",
        text: Said {
            english: "The message is there, but the server cannot read it just now. Go on with the others, do not \
                      mark this one as deleted, and try it again in the next session. The operator finds the cause \
                      in the log.",
            japanese: "メッセージはありますが、サーバーは今それを読み出せません。ほかのメッセージを先に取得し、この\
                       メッセージには削除の印を付けず、次のセッションでもう一度お試しください。管理者は、ログで原因\
                       を確認できます。",
        },
        scene: Scene::Unreadable,
        dialogue: "C: RETR 1",
        see_also: &["[SYS/TEMP]", "E-54", "RETR"],
    },
    ErrorLesson {
        id: "E-54",
        states: &[T],
        source: "RFC 3206 §4",
        situation: "破損したメッセージ",
        text: Said {
            english: "What is stored of this message cannot be sent, and later tries will not change that. The \
                      others can be retrieved. The administrator may be able to restore it from a backup, so do \
                      not delete it before.",
            japanese: "このメッセージは保存内容が壊れていて送信できず、後で試しても変わりません。ほかのメッセージは\
                       取得できます。管理者がバックアップから復元できることもあるため、それまでは削除しないでくださ\
                       い。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 1",
        see_also: &["[SYS/PERM]", "E-40", "E-53"],
    },
    ErrorLesson {
        id: "E-55",
        states: &[T],
        source: "RFC 6856 §5",
        situation: "UTF8 モードが必要",
        text: Said {
            english: "The header of this message has UTF-8 in it, the client did not say that it understands that, \
                      and the server was not to send a rewritten copy. Log in again and say UTF8 first; a mail \
                      program that cannot do so needs an update, or another way to read this message.",
            japanese: "このメッセージのヘッダーには UTF-8 が含まれていますが、クライアントはそれを扱えることを伝え\
                       ておらず、サーバーも書き換えたものを送信しません。接続し直し、UTF8 を送信してからログインし\
                       てください。対応していないメール ソフトの場合は、更新するか、別の方法でこのメッセージを読む\
                       必要があります。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 1",
        see_also: &["UTF8", "[UTF8]"],
    },
    ErrorLesson {
        id: "E-56",
        states: &[T],
        source: "RFC 1939 §5; RFC 3206 §4",
        situation: "許可されていない DELE (読み取り専用、保存義務)",
        text: Said {
            english: "The maildrop is read-only, or a rule keeps its mail for a time. Messages can be retrieved, \
                      but not removed. Set the mail program to leave mail on the server.",
            japanese: "メールボックスが読み取り専用であるか、一定期間メールを保存する規則があります。メッセージの取\
                       得はできますが、削除はできません。メール ソフトで、サーバーにメールを残すように設定してくだ\
                       さい。",
        },
        scene: Scene::Told,
        dialogue: "C: DELE 1",
        see_also: &["DELE", "EXPIRE", "[SYS/PERM]"],
    },
    ErrorLesson {
        id: "E-57",
        states: &[T],
        source: "RFC 1939 §6; RFC 3206 §4",
        situation: "QUIT: 一部が削除できない",
        text: Said {
            english: "The session has ended, but not every marked message could be removed; no unmarked one was \
                      touched. What is left appears again at the next login. A client that asks UIDL then will \
                      recognise the messages and can delete them again instead of fetching them twice.",
            japanese: "セッションは終了しましたが、印の付いたメッセージの一部を削除できませんでした。印のないメッセ\
                       ージには影響していません。残ったものは、次のログインで再び現れます。クライアントは UIDL で同\
                       じメッセージだと判断し、二重に取得せずに削除し直すことができます。",
        },
        scene: Scene::UpdateFails,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: QUIT",
        see_also: &["QUIT", "UPDATE", "E-58"],
    },
    ErrorLesson {
        id: "E-58",
        states: &[T],
        source: "RFC 1939 §6; RFC 3206 §4",
        situation: "QUIT: 何も削除できない",
        text: Said {
            english: "None of the marked messages could be removed, and trying again will not help: the \
                      permissions of the folder are wrong, for instance. The session has ended and all mail is \
                      still there. The administrator has to look at it, before the maildrop fills up.",
            japanese: "フォルダーの権限の誤りなどにより、印の付いたメッセージを 1 通も削除できず、やり直しても変わ\
                       りません。セッションは終了し、メールはすべて残っています。メールボックスがいっぱいになる前に\
                       、管理者による確認が必要です。",
        },
        scene: Scene::Told,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: QUIT",
        see_also: &["QUIT", "UPDATE", "E-56", "E-57"],
    },
    ErrorLesson {
        id: "E-59",
        states: &[A],
        source: "XCLIENT, de facto (Dovecot)",
        situation: "許可されていない XCLIENT",
        text: Said {
            english: "Only a proxy whose address the operator has listed may say who the client is. This peer is \
                      not listed, and what it said has no effect. If it is your proxy, add its address to the \
                      configuration.",
            japanese: "クライアントの情報を伝えられるのは、管理者が登録したアドレスのプロキシだけです。この接続元は\
                       登録されていないため、伝えられた内容は無視されました。ご自分のプロキシであれば、そのアドレス\
                       を設定に追加してください。",
        },
        scene: Scene::Told,
        dialogue: "C: XCLIENT ADDR=192.0.2.7",
        see_also: &["XCLIENT", "E-60"],
    },
    ErrorLesson {
        id: "E-60",
        states: &[A],
        source: "XCLIENT, de facto (Dovecot)",
        situation: "XCLIENT の引数の誤り",
        text: Said {
            english: "A value does not have the form that its key demands, such as an ADDR that is no address. \
                      Nothing has been changed. Keys that the server does not know are passed over and are no \
                      error. The proxy needs to be set right.",
            japanese: "ADDR の値がアドレスでないなど、キーの求める形になっていません。何も変更していません。サーバ\
                       ーの知らないキーは無視され、誤りにはなりません。プロキシの設定を直してください。",
        },
        scene: Scene::Told,
        dialogue: "C: XCLIENT ADDR=nowhere",
        see_also: &["XCLIENT", "E-61"],
    },
    ErrorLesson {
        id: "E-61",
        states: &[A],
        source: "XCLIENT, de facto (Dovecot); RFC 3206 §4",
        situation: "プロキシのループ (TTL)",
        text: Said {
            english: "Each proxy on the way counts TTL down, and it has come to zero: the proxies hand the \
                      connection round in a circle. The server closes it. The operator has to correct where the \
                      proxies forward to.",
            japanese: "経路上のプロキシは TTL を 1 つずつ減らしますが、それが 0 になりました。プロキシ同士が接続を\
                       回し続けています。サーバーは接続を閉じます。管理者は、プロキシの転送先を直してください。",
        },
        scene: Scene::Told,
        dialogue: "C: XCLIENT TTL=0",
        see_also: &["XCLIENT", "[SYS/PERM]"],
    },
];
