//! Other words that a reader of sessions meets.

use super::{Kind, Lesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T, Update as U};

pub(super) const WORDS: &[Lesson] = &[
    Lesson {
        kind: Kind::Word,
        word: "POP3S",
        aliases: &["port 995", "port 110", "STLS vs POP3S", "STARTTLS vs SSL/TLS", "implicit TLS"],
        states: &[A, T, U],
        source: "RFC 8314 §3; RFC 2595 §4",
        summary: Said {
            english: "POP3 inside TLS from the first octet on, on port 995.",
            japanese: "最初のオクテットから TLS の中で行われる POP3 で、ポート 995 を使います。",
        },
        text: Said {
            english: "There are two ways to protect POP3. On port 995 the TLS handshake comes first and the \
                      greeting travels inside it; mail programs call this SSL/TLS. On port 110 the session begins \
                      in clear text and STLS switches TLS on; they call this STARTTLS. Both are equally strong \
                      once TLS runs, but on port 110 an attacker can hide the offer of STLS or slip something in \
                      before it, so RFC 8314 prefers 995.",
            japanese: "POP3 を保護する方法は 2 つあります。ポート 995 では、先に TLS ハンドシェイクを行い、挨拶もそ\
                       の中で送信します。メール ソフトでは SSL/TLS と表示されます。ポート 110 では、平文で始まり、\
                       STLS で TLS に切り替えます。メール ソフトでは STARTTLS と表示されます。TLS が始まれば強さは\
                       同じですが、ポート 110 では、攻撃者が STLS の提示を隠したり、その前に何かを紛れ込ませたりで\
                       きます。そのため RFC 8314 はポート 995 を推奨しています。",
        },
        scene: Scene::Tls,
        dialogue: "   <TLS handshake>\nS: +OK Watchpost ready",
        see_also: &["STLS", "greeting", "E-42"],
    },
    Lesson {
        kind: Kind::Word,
        word: "dot-stuffing",
        aliases: &["dot stuffing", "byte-stuffing", "termination octet", "ドット スタッフィング"],
        states: &[A, T],
        source: "RFC 1939 §3",
        summary: Said {
            english: "A line that begins with a dot is sent with one more dot.",
            japanese: "ドットで始まる行に、ドットを 1 つ加えて送信することです。",
        },
        text: Said {
            english: "A lone dot ends a multi-line reply, but mail may have such a line itself. The server \
                      therefore puts a dot in front of every line that begins with one, and the client removes \
                      exactly one dot from every line that begins with one and is not the end. The added dots are \
                      in no size. A client that forgets to remove them, or a server that forgets to add them, \
                      damages or cuts mail.",
            japanese: "ドットだけの行は複数行の応答の終わりを示しますが、メール自体にそのような行があることもありま\
                       す。そこで、サーバーはドットで始まるすべての行の先頭にドットを 1 つ加え、クライアントは、終\
                       わりの行を除き、ドットで始まる行から 1 つだけ取り除きます。加えたドットは、どのサイズにも含\
                       まれません。取り除くのを忘れたクライアントや、加えるのを忘れたサーバーは、メールを壊したり途\
                       中で切ったりします。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR 2\n\
                   S: +OK 113 octets\n\
                   S: From: ben@example.org\n\
                   S: To: mrose@example.org\n\
                   S: Subject: Dots\n\
                   S: \n\
                   S: One line is a dot:\n\
                   S: ..\n\
                   S: and this is the last one.\n\
                   S: .",
        see_also: &["multi-line", "octets", "RETR"],
    },
    Lesson {
        kind: Kind::Word,
        word: "octets",
        aliases: &["octet", "size", "bytes", "オクテット"],
        states: &[T],
        source: "RFC 1939 §11",
        summary: Said {
            english: "The measure of a message as it is sent, each line end counted as two.",
            japanese: "送信される形で数えたメッセージの大きさで、行末は 2 つと数えます。",
        },
        text: Said {
            english: "An octet is a byte of eight bits; RFCs use the word because bytes were not always that. \
                      Sizes in POP3 count the message with CRLF at every line end, however it lies on disk, and \
                      without the dots of dot-stuffing. In Watchpost STAT, LIST and RETR agree to the octet, for \
                      programs rely on it.",
            japanese: "オクテットは 8 ビットのバイトのことです。かつてはバイトが 8 ビットとは限らなかったため、RFC \
                       ではこの語を使います。POP3 のサイズは、ディスク上の形にかかわらず、すべての行末を CRLF とし\
                       て数え、dot-stuffing のドットは含みません。プログラムが頼りにするため、Watchpost では STAT、\
                       LIST、RETR のサイズが 1 オクテットまで一致します。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: LIST 1\nS: +OK 1 81\nC: STAT\nS: +OK 2 194",
        see_also: &["STAT", "LIST", "CRLF", "dot-stuffing"],
    },
    Lesson {
        kind: Kind::Word,
        word: "unique-id",
        aliases: &["uid", "unique id", "固有 ID"],
        states: &[T],
        source: "RFC 1939 §7",
        summary: Said {
            english: "The name of a message that stays the same from session to session.",
            japanese: "セッションが変わっても変わらない、メッセージの識別子です。",
        },
        text: Said {
            english: "A unique-id belongs to one message of one maildrop for ever: it never changes and is never \
                      given again, not even after the message was removed. It has 1 to 70 printable characters. \
                      Clients keep a list of the ids they have seen. If a server changed them, every message would \
                      be fetched once more, so when mail moves to another server its ids should move with it.",
            japanese: "固有 ID は、1 つのメールボックスの 1 通のメッセージに結び付き、決して変わらず、そのメッセー\
                       ジが削除された後も使い回されません。長さは 1 ～ 70 文字で、印字可能な文字だけを使います。ク\
                       ライアントは、取得済みの固有 ID を記録しています。サーバーがこれを変えると、すべてのメッセー\
                       ジがもう一度取得されるため、別のサーバーにメールを移すときは固有 ID も移す必要があります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: UIDL 1\nS: +OK 1 whqtswO00WBw418f9t5JxYwZ",
        see_also: &["UIDL", "message-number", "E-49"],
    },
    Lesson {
        kind: Kind::Word,
        word: "maildrop",
        aliases: &["mailbox", "inbox", "lock", "メールボックス"],
        states: &[T],
        source: "RFC 1939 §4",
        summary: Said {
            english: "The messages that wait for one user.",
            japanese: "1 人のユーザーあてに届いているメッセージの集まりです。",
        },
        text: Said {
            english: "POP3 knows one maildrop per user and no folders. A login locks it for this session alone, so \
                      that no two sessions remove mail under each other's feet; other logins get [IN-USE] \
                      meanwhile. The lock does not keep new mail out: it is delivered as ever and is seen at the \
                      next login. The lock ends with the session, even when the session ends badly.",
            japanese: "POP3 では、ユーザーごとにメールボックスが 1 つあり、フォルダーはありません。ログインすると、\
                       そのセッションだけのためにロックされ、2 つのセッションが互いにメールを削除し合うことを防ぎま\
                       す。その間、ほかのログインには [IN-USE] を返します。ロック中も新しいメールは通常どおり配信さ\
                       れ、次のログインから見えます。セッションがどのように終わっても、ロックは解除されます。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf\nS: -ERR [IN-USE] Maildrop is locked by another session, please wait",
        see_also: &["TRANSACTION", "E-31", "[IN-USE]"],
    },
    Lesson {
        kind: Kind::Word,
        word: "message-number",
        aliases: &["message number", "メッセージ番号"],
        states: &[T],
        source: "RFC 1939 §4, §5",
        summary: Said {
            english: "How a client names a message within one session: 1 for the first.",
            japanese: "1 つのセッションの中でメッセージを指す番号で、最初のメッセージが 1 です。",
        },
        text: Said {
            english: "The server numbers the messages at login, in the order of their arrival. The numbers hold \
                      for this session alone and never shift, whatever is marked or arrives. In the next session \
                      the same message may have another number; only its unique-id is the same.",
            japanese: "サーバーは、ログインのときに届いた順に番号を付けます。番号はそのセッションの中だけで有効で、\
                       印を付けても新しいメールが届いてもずれません。次のセッションでは同じメッセージの番号が変わる\
                       ことがあり、変わらないのは固有 ID だけです。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: LIST 2\nS: +OK 2 113",
        see_also: &["unique-id", "LIST", "E-48", "E-49"],
    },
    Lesson {
        kind: Kind::Word,
        word: "scan listing",
        aliases: &["scan-listing", "drop listing", "一覧"],
        states: &[T],
        source: "RFC 1939 §5",
        summary: Said {
            english: "One line of LIST: a message-number, a space and a size.",
            japanese: "LIST の 1 行で、メッセージ番号、空白、サイズからなります。",
        },
        text: Said {
            english: "The RFC calls the line of LIST a scan listing and the two numbers of STAT a drop listing. \
                      Nothing stands behind the size, because some clients read the line whole. Messages marked as \
                      deleted have no line.",
            japanese: "RFC では、LIST の各行を scan listing、STAT の 2 つの数を drop listing と呼びます。行全体を読\
                       み取るクライアントがあるため、サイズの後には何も付きません。削除の印が付いたメッセージの行は\
                       ありません。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: LIST\nS: +OK scan listing follows\nS: 1 81\nS: 2 113\nS: .",
        see_also: &["LIST", "STAT", "octets"],
    },
    Lesson {
        kind: Kind::Word,
        word: "CRLF",
        aliases: &["line end", "line ending", "CR", "LF", "行末", "改行"],
        states: &[A, T, U],
        source: "RFC 1939 §3; RFC 5322 §2.3",
        summary: Said {
            english: "The two characters that end every line: carriage return and line feed.",
            japanese: "すべての行の終わりを表す 2 文字、復帰 (CR) と改行 (LF) です。",
        },
        text: Said {
            english: "Commands, replies and the lines of messages all end with CRLF, octets 13 and 10. Files on \
                      Unix end lines with LF alone; the server puts the CR in when it sends. A CR by itself never \
                      ends a line. Two programs that disagree about where a line ends can be tricked into seeing \
                      different commands, so the rule is strict.",
            japanese: "コマンド、応答、メッセージの行は、すべて CRLF (オクテット 13 と 10) で終わります。Unix のフ\
                       ァイルでは行末が LF だけなので、サーバーが送信時に CR を補います。CR だけで行が終わることは\
                       ありません。行末の解釈が異なる 2 つのプログラムは、別々のコマンドを読まされるおそれがあるた\
                       め、この規則は厳格です。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: NOOP\nS: +OK nothing done",
        see_also: &["octets", "E-07", "E-06"],
    },
    Lesson {
        kind: Kind::Word,
        word: "APOP timestamp",
        aliases: &["timestamp", "タイムスタンプ"],
        states: &[A],
        source: "RFC 1939 §7; RFC 2449 §3",
        summary: Said {
            english: "The text in angle brackets in the greeting over which APOP works out its digest.",
            japanese: "挨拶に含まれる山かっこ付きの文字列で、APOP のダイジェストの計算に使います。",
        },
        text: Said {
            english: "The timestamp has the form of a message-id and is different for every connection, so that a \
                      digest is good only once. Watchpost fills it with 128 random bits instead of the time. \
                      Clients take any < in the greeting for an offer of APOP, so there is none when APOP is off. \
                      A client should check that it is plain ASCII, for an attacker could choose it to attack MD5.",
            japanese: "タイムスタンプは message-id の形をしており、接続ごとに異なるため、ダイジェストは一度しか使え\
                       ません。Watchpost では、時刻の代わりに 128 ビットの乱数を入れます。クライアントは、挨拶に < \
                       があれば APOP を使えるとみなすため、APOP が無効な場合は含まれません。攻撃者が MD5 を破るため\
                       に細工する可能性があるので、クライアントは ASCII だけであることを確認してください。",
        },
        scene: Scene::Apop,
        dialogue: "S: +OK Watchpost ready <6f1c0b5a94d84e0fb27d3c65a1e8f903@mail.example.org>",
        see_also: &["APOP", "greeting", "E-29"],
    },
    Lesson {
        kind: Kind::Word,
        word: "SASL PLAIN",
        aliases: &["PLAIN", "AUTH PLAIN", "authzid"],
        states: &[A],
        source: "RFC 4616 §2",
        summary: Said {
            english: "A mechanism that sends user name and password in one line of base64.",
            japanese: "ユーザー名とパスワードを Base64 の 1 行で送信する認証方式です。",
        },
        text: Said {
            english: "Decoded, the line reads: an optional name to act as, a NUL, the user name, a NUL, the \
                      password, all in UTF-8. Base64 is no encryption, so PLAIN needs TLS. Unlike USER it takes \
                      names with spaces, and it needs one round trip less when the data stand behind the mechanism \
                      at once.",
            japanese: "復号すると、操作するユーザーの名前 (省略可)、NUL、ユーザー名、NUL、パスワードの順に並び、文\
                       字コードは UTF-8 です。Base64 は暗号ではないため、PLAIN には TLS が必要です。USER とは異なり\
                       、空白を含む名前も使えます。認証方式の後にデータを続けて書けば、往復が 1 回少なくなります。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH PLAIN AG1yb3NlAHRhbnN0YWFm\nS: +OK maildrop has 2 messages (194 octets)",
        see_also: &["AUTH", "SASL", "E-23", "E-25"],
    },
    Lesson {
        kind: Kind::Word,
        word: "SASL LOGIN",
        aliases: &["LOGIN", "AUTH LOGIN"],
        states: &[A],
        source: "draft-murchison-sasl-login",
        summary: Said {
            english: "An old mechanism that asks for user name and password one after the other.",
            japanese: "ユーザー名とパスワードを順に尋ねる、古い認証方式です。",
        },
        text: Said {
            english: "LOGIN never became a standard, but some old clients know nothing else. The server asks for \
                      the name and then for the password, each in base64, and an initial response is not allowed. \
                      It protects nothing by itself, so Watchpost offers it inside TLS only. New clients use PLAIN.",
            japanese: "LOGIN は標準になりませんでしたが、これにしか対応していない古いクライアントがあります。サーバ\
                       ーは名前とパスワードを順に尋ね、どちらも Base64 で送ります。初期応答は使えません。それ自体に\
                       は保護がないため、Watchpost では TLS の中でだけ使用できます。新しいクライアントは PLAIN を使\
                       います。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH LOGIN\n\
                   S: + VXNlcm5hbWU6\n\
                   C: bXJvc2U=\n\
                   S: + UGFzc3dvcmQ6\n\
                   C: dGFuc3RhYWY=\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["AUTH", "SASL", "E-20", "SASL PLAIN"],
    },
    Lesson {
        kind: Kind::Word,
        word: "capability",
        aliases: &["extension", "拡張機能"],
        states: &[A, T],
        source: "RFC 2449 §2, §5",
        summary: Said {
            english: "A line of CAPA: something the server can do beyond RFC 1939.",
            japanese: "CAPA の 1 行で、RFC 1939 にはないサーバーの機能を表します。",
        },
        text: Said {
            english: "Each line begins with a tag, such as SASL, and may have arguments behind it. A client passes \
                      over tags that it does not know. What is announced before login stays true after it, with \
                      the one exception of STLS. Tags are registered; inventing one is not allowed.",
            japanese: "各行は SASL のようなタグで始まり、後ろに引数が付くことがあります。クライアントは、知らないタ\
                       グを無視します。ログイン前に示された内容は、STLS を除き、ログイン後も変わりません。タグは登\
                       録制で、勝手に作ることはできません。",
        },
        scene: Scene::Clear,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: .",
        see_also: &["CAPA", "RESP-CODES", "IMPLEMENTATION"],
    },
];
