//! Kinds of replies, response codes and states.

use super::{Kind, Lesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T, Update as U};

pub(super) const REPLIES: &[Lesson] = &[
    Lesson {
        kind: Kind::Reply,
        word: "+OK",
        aliases: &["OK", "positive reply", "肯定応答"],
        states: &[A, T, U],
        source: "RFC 1939 §3",
        summary: Said { english: "The command was carried out.", japanese: "コマンドが実行されました。" },
        text: Said {
            english: "Every command gets exactly one reply, and +OK in capitals at its beginning says that the \
                      deed is done. What follows is for people, save where a number is promised: STAT, LIST, UIDL \
                      and RETR put it in a fixed place. A first line has at most 512 octets. A client looks at the \
                      +OK and never at the wording.",
            japanese: "どのコマンドにも応答はちょうど 1 つで、先頭の大文字の +OK は、コマンドがすでに実行されたこと\
                       を示します。それに続く文は人のためのものですが、STAT、LIST、UIDL、RETR では決まった位置に数\
                       値があります。最初の行は 512 オクテットまでです。クライアントは +OK だけを見て判断し、文面に\
                       頼ってはいけません。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: STAT\nS: +OK 2 194",
        see_also: &["-ERR", "multi-line", "response code"],
    },
    Lesson {
        kind: Kind::Reply,
        word: "-ERR",
        aliases: &["ERR", "negative reply", "否定応答"],
        states: &[A, T, U],
        source: "RFC 1939 §3; RFC 2449 §8",
        summary: Said {
            english: "The command was not carried out.", japanese: "コマンドは実行されませんでした。"
        },
        text: Said {
            english: "-ERR says that nothing has changed, and the text behind it why. A code in brackets may stand \
                      in front of the text, so that programs can tell whose turn it is: the user's, the \
                      administrator's, or only time's. Most errors leave the session as it was and the client may \
                      go on; after a few the server closes. Look up any of them by its number or its text: \
                      watchpost explain E-31.",
            japanese: "-ERR は、何も変わっていないことと、その理由を伝えます。文の前に角かっこ付きの応答コードがあ\
                       れば、ユーザーが対処すべきか、管理者が対処すべきか、待てばよいのかをプログラムが判断できます\
                       。ほとんどのエラーの後もセッションは元のまま続けられますが、サーバーが接続を閉じるものもあり\
                       ます。番号または文面で調べられます (watchpost explain E-31)。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR 9\nS: -ERR No such message, only 2 in maildrop",
        see_also: &["+OK", "response code", "E-01"],
    },
    Lesson {
        kind: Kind::Reply,
        word: "+",
        aliases: &["continuation", "challenge", "継続応答", "チャレンジ"],
        states: &[A],
        source: "RFC 5034 §4",
        summary: Said {
            english: "In a login exchange it is the client's turn.",
            japanese: "認証のやり取りで、クライアントの番であることを示します。",
        },
        text: Said {
            english: "Inside AUTH the server says neither yes nor no until it knows enough. It sends a plus sign, \
                      a space and its challenge in base64, which may be empty. The client answers with one line of \
                      base64, or with a lone asterisk to stop. The line after + is data whatever it reads, so \
                      nothing may be sent ahead here.",
            japanese: "AUTH の中では、必要な情報がそろうまで、サーバーは成否を答えません。プラス記号、空白、Base64 \
                       のチャレンジ (空のこともあります) を送信します。クライアントは Base64 の 1 行で答えるか、* \
                       だけの行で中止します。+ の次の行は、何と読めてもデータとして扱われます。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH LOGIN\n\
                   S: + VXNlcm5hbWU6\n\
                   C: bXJvc2U=\n\
                   S: + UGFzc3dvcmQ6\n\
                   C: dGFuc3RhYWY=\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["AUTH", "SASL"],
    },
    Lesson {
        kind: Kind::Reply,
        word: "multi-line",
        aliases: &["multiline", "multi-line response", "terminator", "複数行の応答", "終端"],
        states: &[A, T],
        source: "RFC 1939 §3",
        summary: Said {
            english: "A reply of many lines ends with a line that holds a lone dot.",
            japanese: "複数行の応答は、ドットだけの行で終わります。",
        },
        text: Said {
            english: "CAPA, LIST, UIDL, RETR, TOP, LANG and AUTH alone can answer with more than one line. The \
                      first line is +OK as ever, then come the lines, then a dot by itself. A line of the content \
                      that begins with a dot gets a second one, so that the end cannot be mistaken; the client \
                      takes it off again. An -ERR is always a single line. If a connection ends before the dot, \
                      the content is incomplete.",
            japanese: "CAPA、LIST、UIDL、RETR、TOP、および引数なしの LANG と AUTH は、複数行で応答します。最初の行\
                       は通常どおり +OK で、内容の行が続き、ドットだけの行で終わります。終わりと区別するため、ドッ\
                       トで始まる内容の行にはドットが 1 つ加えられ、クライアントがそれを取り除きます。-ERR は常に \
                       1 行です。ドットの行の前に接続が切れた場合、内容は不完全です。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: LIST\nS: +OK scan listing follows\nS: 1 81\nS: 2 113\nS: .",
        see_also: &["dot-stuffing", "RETR", "CRLF"],
    },
    Lesson {
        kind: Kind::Reply,
        word: "greeting",
        aliases: &["banner", "挨拶"],
        states: &[A],
        source: "RFC 1939 §4; RFC 2449 §3",
        summary: Said {
            english: "The server speaks first: one line that says it is ready.",
            japanese: "サーバーから先に送信する、準備ができたことを示す 1 行です。",
        },
        text: Said {
            english: "As soon as the connection stands, on port 995 after the TLS handshake, the server sends one \
                      line beginning with +OK, and the session is in the AUTHORIZATION state. A timestamp in angle \
                      brackets means that APOP is offered. Watchpost tells neither version nor host in it. In \
                      place of the greeting a server that is overloaded, stopping or closed to this address may \
                      send an -ERR and hang up.",
            japanese: "接続が確立すると (ポート 995 では TLS ハンドシェイクの後に)、サーバーは +OK で始まる 1 行を\
                       送信し、セッションは AUTHORIZATION 状態になります。山かっこで囲まれたタイムスタンプがあれば\
                       、APOP を使用できます。Watchpost は、挨拶でバージョンやホスト名を示しません。過負荷のとき、\
                       停止中、またはそのアドレスを受け付けないときは、挨拶の代わりに -ERR を送信して切断することが\
                       あります。",
        },
        scene: Scene::Tls,
        dialogue: "S: +OK Watchpost ready\nC: QUIT\nS: +OK bye",
        see_also: &["APOP timestamp", "AUTHORIZATION", "E-35", "E-39"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "AUTH",
        aliases: &["[AUTH]"],
        states: &[A],
        source: "RFC 3206 §5",
        summary: Said {
            english: "The credentials are at fault, so the user has to act.",
            japanese: "資格情報に問題があり、ユーザーの対処が必要です。",
        },
        text: Said {
            english: "[AUTH] tells a mail program that trying again with the same password is pointless: ask the \
                      user, or send him to his administrator. When AUTH-RESP-CODE stands in CAPA, a failed login \
                      without this code has another cause, and the stored password should be kept.",
            japanese: "[AUTH] は、同じパスワードで繰り返しても無駄であることをメール ソフトに伝えます。ユーザーに入\
                       力し直してもらうか、管理者に問い合わせてもらってください。CAPA に AUTH-RESP-CODE がある場合\
                       、このコードの付かないログインの失敗は別の原因によるものなので、保存されたパスワードを捨てて\
                       はいけません。",
        },
        scene: Scene::Tls,
        dialogue: "C: USER mrose\nS: +OK send PASS\nC: PASS wrong\nS: -ERR [AUTH] Authentication failed",
        see_also: &["E-11", "AUTH-RESP-CODE", "PASS"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "IN-USE",
        aliases: &["[IN-USE]"],
        states: &[A],
        source: "RFC 2449 §8.1.2",
        summary: Said {
            english: "The password was right, but the maildrop is in use.",
            japanese: "パスワードは正しいものの、メールボックスが使用中です。",
        },
        text: Said {
            english: "One maildrop serves one session at a time. The code is sent only when the credentials have \
                      been verified, so it gives nothing away to strangers, and a mail program can quietly try \
                      again later instead of asking for the password.",
            japanese: "1 つのメールボックスを使えるのは、一度に 1 つのセッションだけです。このコードは認証に成功し\
                       た後にだけ送信されるため、無関係な者に情報を与えません。メール ソフトは、パスワードを尋ね直\
                       さず、後で自動的にやり直せます。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf\nS: -ERR [IN-USE] Maildrop is locked by another session, please wait",
        see_also: &["E-31", "E-32", "maildrop"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "LOGIN-DELAY",
        aliases: &["[LOGIN-DELAY]"],
        states: &[A],
        source: "RFC 2449 §8.1.1",
        summary: Said {
            english: "The last login was too recent.", japanese: "前回のログインからの間隔が短すぎます。"
        },
        text: Said {
            english: "The server wants a minimum time between two logins of one user and says so in CAPA. The code \
                      is sent only with the right password. A program waits until the time has passed; the user \
                      need not be told.",
            japanese: "サーバーは、同じユーザーのログインに最小の間隔を求めており、それを CAPA で示しています。この\
                       コードは、パスワードが正しいときにだけ送信されます。プログラムは時間が過ぎるまで待てばよく、\
                       ユーザーに知らせる必要はありません。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf\nS: -ERR [LOGIN-DELAY] Please wait 30 seconds between logins",
        see_also: &["E-33", "LOGIN-DELAY"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "SYS/TEMP",
        aliases: &["[SYS/TEMP]", "SYS TEMP"],
        states: &[A, T, U],
        source: "RFC 3206 §4",
        summary: Said {
            english: "The system has a difficulty that will pass.",
            japanese: "システムの一時的な問題です。",
        },
        text: Said {
            english: "Nothing is wrong with the user, the password or the message: a disk is slow, a service is \
                      down, or a limit is met. The same command may succeed later without anybody's doing, so a \
                      program should wait and try again, less often each time.",
            japanese: "ユーザー、パスワード、メッセージに問題はありません。ディスクの遅れ、サービスの停止、上限への\
                       到達などが原因です。何もしなくても、後で同じコマンドが成功することがあります。プログラムは間\
                       隔を少しずつ延ばしながら、やり直してください。",
        },
        scene: Scene::Unreadable,
        dialogue: "C: RETR 1\nS: -ERR [SYS/TEMP] Cannot read message 1, try again later",
        see_also: &["[SYS/PERM]", "E-37", "E-53"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "SYS/PERM",
        aliases: &["[SYS/PERM]", "SYS PERM"],
        states: &[A, T, U],
        source: "RFC 3206 §4",
        summary: Said {
            english: "The system has a difficulty that somebody must mend.",
            japanese: "管理者の対処が必要な、システムの問題です。",
        },
        text: Said {
            english: "Waiting does not help: a maildrop is damaged, the configuration is wrong, or deletion is \
                      forbidden. A program should tell the user, who should tell the administrator, and not repeat \
                      the command over and over.",
            japanese: "メールボックスの破損、設定の誤り、削除の禁止などが原因で、待っても解決しません。プログラムは\
                       コマンドを繰り返さず、ユーザーに知らせてください。ユーザーは管理者に連絡してください。",
        },
        scene: Scene::Told,
        dialogue: "C: DELE 1\nS: -ERR [SYS/PERM] Deletion is not permitted in this maildrop",
        see_also: &["[SYS/TEMP]", "E-40", "E-54"],
    },
    Lesson {
        kind: Kind::ResponseCode,
        word: "UTF8",
        aliases: &["[UTF8]"],
        states: &[T],
        source: "RFC 6856 §5",
        summary: Said {
            english: "The message needs UTF8 mode.",
            japanese: "メッセージの取得に UTF8 モードが必要です。",
        },
        text: Said {
            english: "The message has UTF-8 in its header, the client has not said UTF8, and the server does not \
                      send a rewritten copy in its place. The code may come in reply to RETR, TOP and LIST with a \
                      number. A program that knows UTF8 opens a new session with it and fetches the message there.",
            japanese: "メッセージのヘッダーに UTF-8 が含まれていますが、クライアントは UTF8 を送信しておらず、サー\
                       バーも書き換えたものを代わりに送信しません。このコードは、RETR、TOP、および番号を指定した \
                       LIST への応答に付くことがあります。UTF8 に対応したプログラムは、UTF8 を送信した新しいセッシ\
                       ョンで取得し直します。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 1\nS: -ERR [UTF8] Message 1 requires UTF8 mode",
        see_also: &["UTF8", "E-55"],
    },
    Lesson {
        kind: Kind::State,
        word: "AUTHORIZATION",
        aliases: &["認証状態"],
        states: &[A],
        source: "RFC 1939 §4",
        summary: Said {
            english: "The session has begun, and the client has not yet said who it is.",
            japanese: "セッションが始まり、クライアントがまだ誰であるかを示していない状態です。",
        },
        text: Said {
            english: "Every session begins here, behind the greeting, even when the client has shown a \
                      certificate. The client may look around with CAPA, protect the connection with STLS, choose \
                      a language and log in. A successful login locks the maildrop and leads to TRANSACTION; a \
                      failed one changes nothing. QUIT ends the session and removes nothing. There is a time limit \
                      for all of it, so that nobody can hold a place without logging in.",
            japanese: "どのセッションも、クライアント証明書が示されていても、挨拶の後はこの状態から始まります。クラ\
                       イアントは CAPA で機能を確認し、STLS で接続を保護し、言語を選び、ログインします。ログインに\
                       成功するとメールボックスがロックされて TRANSACTION 状態に移り、失敗しても何も変わりません。\
                       QUIT を送信すると、何も削除せずに終了します。ログインしないまま接続を占有できないよう、時間\
                       制限があります。",
        },
        scene: Scene::Tls,
        dialogue: "S: +OK Watchpost ready\n\
                   C: STAT\n\
                   S: -ERR Not valid before login\n\
                   C: USER mrose\n\
                   S: +OK send PASS\n\
                   C: PASS tanstaaf\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["TRANSACTION", "PASS", "AUTH", "STLS"],
    },
    Lesson {
        kind: Kind::State,
        word: "TRANSACTION",
        aliases: &["トランザクション状態"],
        states: &[T],
        source: "RFC 1939 §5",
        summary: Said {
            english: "The maildrop is open, numbered and locked, and the client works with its messages.",
            japanese: "メールボックスが開かれてロックされ、クライアントがメッセージを扱う状態です。",
        },
        text: Said {
            english: "The messages that were there at login have the numbers 1 to n, and keep them to the end: \
                      mail that arrives meanwhile waits for the next session, and DELE shifts no numbers. Nothing \
                      is really removed in this state. QUIT leads to UPDATE. When the connection breaks or falls \
                      silent for too long, the session ends without UPDATE, and every message is still there.",
            japanese: "ログインのときにあったメッセージには 1 から n までの番号が付き、最後まで変わりません。その間\
                       に届いたメールは次のセッションから見え、DELE で番号がずれることもありません。この状態では、\
                       実際には何も削除されません。QUIT を送信すると UPDATE 状態に移ります。接続が切れたり、長い間\
                       通信がなかったりした場合は、UPDATE 状態に入らずに終了し、すべてのメッセージが残ります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: LIST\nS: +OK scan listing follows\nS: 2 113\nS: .",
        see_also: &["AUTHORIZATION", "UPDATE", "maildrop", "message-number"],
    },
    Lesson {
        kind: Kind::State,
        word: "UPDATE",
        aliases: &["更新状態"],
        states: &[U],
        source: "RFC 1939 §6",
        summary: Said {
            english: "QUIT was said after login, and the marked messages are being removed.",
            japanese: "ログイン後に QUIT が送信され、印の付いたメッセージを削除している状態です。",
        },
        text: Said {
            english: "UPDATE is the only state in which mail is removed, and only QUIT after login leads into it. \
                      The server removes exactly the messages marked by DELE and makes that durable on disk before \
                      it replies: +OK means that they are gone even if the power fails now. If some cannot be \
                      removed, the reply is -ERR and the rest appears again next time. Either way the maildrop is \
                      unlocked and the connection closed; no command is accepted here.",
            japanese: "メールが削除されるのは UPDATE 状態だけで、ここに入るのはログイン後の QUIT だけです。サーバー\
                       は、DELE で印を付けたメッセージだけを削除し、ディスクに確実に記録してから応答します。+OK は\
                       、直後に停電しても削除が失われないことを意味します。削除できないものがあれば -ERR を返し、そ\
                       れらは次回に再び現れます。どちらの場合も、メールボックスのロックは解除され、接続は閉じられま\
                       す。この状態で受け付けるコマンドはありません。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 2\nS: +OK marked as deleted\nC: QUIT\nS: +OK bye, marked messages removed",
        see_also: &["QUIT", "DELE", "E-57", "E-58"],
    },
];
