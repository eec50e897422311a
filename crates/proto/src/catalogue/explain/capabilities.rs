//! What CAPA lists.

use super::{Kind, Lesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T};

pub(super) const CAPABILITIES: &[Lesson] = &[
    Lesson {
        kind: Kind::Capability,
        word: "TOP",
        aliases: &[],
        states: &[A, T],
        source: "RFC 2449 §6.1",
        summary: Said {
            english: "The server has the optional command TOP.",
            japanese: "任意のコマンド TOP に対応しています。",
        },
        text: Said {
            english: "With TOP a client can look at the header of a message before it retrieves the whole. The \
                      standard leaves the command optional, so this line announces it. Watchpost always lists it; \
                      some clients refuse to work without it.",
            japanese: "TOP を使うと、メッセージ全体を取得する前にヘッダーを確認できます。標準では任意のコマンドなの\
                       で、この行で対応を示します。TOP がないと動作しないクライアントもあるため、Watchpost は常に示\
                       します。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: TOP\nS: …\nS: .",
        see_also: &["TOP", "CAPA"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "UIDL",
        aliases: &[],
        states: &[A, T],
        source: "RFC 2449 §6.8",
        summary: Said {
            english: "The server has the optional command UIDL.",
            japanese: "任意のコマンド UIDL に対応しています。",
        },
        text: Said {
            english: "Without UIDL a client cannot tell old messages from new ones and had better not leave mail \
                      on the server. Watchpost always has it, and its unique-ids outlive restarts, renamed files \
                      and a lost index.",
            japanese: "UIDL がないと、クライアントは新しいメッセージを見分けられないため、サーバーにメールを残すこ\
                       とができません。Watchpost は常に対応しており、固有 ID は、再起動、ファイル名の変更、索引の消\
                       失があっても変わりません。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: UIDL\nS: …\nS: .",
        see_also: &["UIDL", "unique-id", "CAPA"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "USER",
        aliases: &[],
        states: &[A, T],
        source: "RFC 2449 §6.2",
        summary: Said {
            english: "USER and PASS would be accepted now.", japanese: "USER と PASS を使用できます。"
        },
        text: Said {
            english: "The line is absent on a connection in clear text, because a password would be readable \
                      there; it appears after STLS. A client that finds neither USER nor SASL must not conclude \
                      that there is no login: it should begin TLS and ask again.",
            japanese: "平文の接続ではパスワードが読まれてしまうため、この行は示されず、STLS の後に現れます。USER も \
                       SASL も見つからないクライアントは、ログインできないと判断せず、TLS を開始してからもう一度確\
                       認してください。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: USER\nS: …\nS: .",
        see_also: &["USER", "PASS", "SASL", "STLS"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "SASL",
        aliases: &[],
        states: &[A, T],
        source: "RFC 5034 §3; RFC 2449 §6.3",
        summary: Said {
            english: "The mechanisms that AUTH would accept now.",
            japanese: "AUTH で使用できる認証方式の一覧です。",
        },
        text: Said {
            english: "SASL is a common way for protocols to log in by exchangeable mechanisms, and this line names \
                      those that may be used on this connection as it is now. The list depends on the protection \
                      of the connection: without TLS none may be left, and then the line is missing. A client \
                      chooses the strongest that it knows.",
            japanese: "SASL は、認証方式を差し替えられるようにした、多くのプロトコルに共通のログインの仕組みです。\
                       この行には、今の接続で使用できる認証方式が並びます。内容は接続の保護の状態によって変わり、\
                       TLS がなく使用できる方式がない場合、この行は示されません。クライアントは、対応しているものの\
                       うち最も強い方式を選びます。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: SASL PLAIN LOGIN\nS: …\nS: .",
        see_also: &["AUTH", "SASL PLAIN", "SASL LOGIN"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "RESP-CODES",
        aliases: &["response code", "応答コード"],
        states: &[A, T],
        source: "RFC 2449 §6.4, §8",
        summary: Said {
            english: "A text behind -ERR that begins with a bracket holds a response code.",
            japanese: "-ERR の文が角かっこで始まる場合、それは応答コードです。",
        },
        text: Said {
            english: "Texts are for people and may change or be in another language; codes are for programs and \
                      never do. With this line the server promises that no text begins with a bracket by chance. A \
                      client compares codes without regard to case, and treats one it does not know by its first \
                      part: [SYS/TEMP/DISK] is a SYS/TEMP.",
            japanese: "文は人のためのもので、変わったり別の言語になったりしますが、コードはプログラムのためのもので\
                       、変わりません。この行は、文が偶然に角かっこで始まることはないという約束です。クライアントは\
                       大文字と小文字を区別せずに比較し、知らないコードは前の部分で判断します。たとえば \
                       [SYS/TEMP/DISK] は SYS/TEMP として扱います。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: RESP-CODES\nS: …\nS: .",
        see_also: &["AUTH-RESP-CODE", "[IN-USE]", "[SYS/TEMP]", "-ERR"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "AUTH-RESP-CODE",
        aliases: &[],
        states: &[A, T],
        source: "RFC 3206 §6",
        summary: Said {
            english: "Every failure caused by the credentials carries the code [AUTH], and no other failure does.",
            japanese: "資格情報による失敗には必ず [AUTH] が付き、ほかの失敗には付きません。",
        },
        text: Said {
            english: "Without this promise a mail program cannot know whether a failed login means a wrong \
                      password or a server in trouble, and asks its user for the password again and again. With it \
                      the program keeps the stored password unless it sees [AUTH].",
            japanese: "この約束がないと、メール ソフトは、ログインの失敗がパスワードの誤りによるのかサーバーの問題\
                       によるのかを区別できず、ユーザーに何度もパスワードを尋ねることになります。この約束があれば、\
                       [AUTH] が付いていない限り、保存されたパスワードをそのまま使えます。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: AUTH-RESP-CODE\nS: …\nS: .",
        see_also: &["[AUTH]", "[SYS/TEMP]", "RESP-CODES"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "PIPELINING",
        aliases: &["pipelining", "パイプライン"],
        states: &[A, T],
        source: "RFC 2449 §6.6",
        summary: Said {
            english: "The client may send commands without waiting for each reply.",
            japanese: "応答を待たずに、続けてコマンドを送信できます。",
        },
        text: Said {
            english: "On a slow line most of the time goes into waiting. With pipelining a client sends RETR 1, \
                      RETR 2 and RETR 3 in one go; the server carries them out one after another and replies in \
                      the same order, so the client only has to count. It must keep reading while it writes. Two \
                      things cannot be sent ahead: what follows STLS, and the lines of an AUTH exchange.",
            japanese: "遅い回線では、時間のほとんどが待ち時間になります。クライアントは RETR 1、RETR 2、RETR 3 をま\
                       とめて送信でき、サーバーは 1 つずつ実行して同じ順序で応答します。クライアントは応答を数える\
                       だけで済みますが、送信しながら受信も続ける必要があります。STLS に続くものと、AUTH のやり取り\
                       の行は、先に送信できません。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C> DELE 1\n\
                   C> DELE 2\n\
                   C> QUIT\n\
                   S: +OK marked as deleted\n\
                   S: +OK marked as deleted\n\
                   S: +OK bye, marked messages removed",
        see_also: &["STLS", "+", "CAPA"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "STLS",
        aliases: &["STARTTLS"],
        states: &[A],
        source: "RFC 2595 §4",
        summary: Said {
            english: "TLS can begin on this connection.", japanese: "この接続で TLS を開始できます。"
        },
        text: Said {
            english: "The line stands there only before login, on a connection in clear text, and if the server \
                      has a certificate. A client that wants protection must not go on when it is missing: an \
                      attacker on the way may have taken it out. Port 995, where TLS begins at once, has no such \
                      gap.",
            japanese: "この行が示されるのは、ログイン前の平文の接続で、サーバーに証明書がある場合だけです。保護を必\
                       要とするクライアントは、この行がなければ続行してはいけません。途中の攻撃者が取り除いた可能性\
                       があるためです。最初から TLS を使うポート 995 には、このような隙がありません。",
        },
        scene: Scene::Clear,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: STLS\nS: .",
        see_also: &["STLS", "POP3S", "CAPA"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "UTF8",
        aliases: &[],
        states: &[A, T],
        source: "RFC 6856 §2",
        summary: Said {
            english: "The server has UTF8 mode; with the word USER, names and passwords may be UTF-8 too.",
            japanese: "UTF8 モードに対応しています。USER が付く場合は、名前とパスワードにも UTF-8 を使えます。",
        },
        text: Said {
            english: "Internationalized mail has UTF-8 in headers and addresses, which old clients cannot read. \
                      Where this line stands, a client may say UTF8 before login and gets such messages as they \
                      are; without it their headers come rewritten in ASCII. UTF8 USER says besides that USER, \
                      PASS and APOP take names and passwords in UTF-8, even before the command. When the line is \
                      missing, the client goes on in ASCII.",
            japanese: "国際化されたメールは、ヘッダーやアドレスに UTF-8 を含みますが、古いクライアントはそれを読め\
                       ません。この行があれば、クライアントはログイン前に UTF8 を送信し、そのようなメッセージをその\
                       まま受け取れます。送信しない場合は、ヘッダーを ASCII に書き換えて送信されます。UTF8 USER は\
                       、UTF8 を送信する前でも、USER、PASS、APOP のユーザー名とパスワードに UTF-8 を使えることを示\
                       します。この行がなければ、クライアントは ASCII のまま続けます。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: UTF8 USER\nS: …\nS: .",
        see_also: &["UTF8", "LANG", "E-45"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "LANG",
        aliases: &[],
        states: &[A, T],
        source: "RFC 6856 §3",
        summary: Said {
            english: "The language of the server's texts can be chosen.",
            japanese: "サーバーの文の言語を選べます。",
        },
        text: Said {
            english: "LANG alone lists the languages, LANG with a tag chooses one. Only the texts for people \
                      change; codes, numbers and keywords stay as they are. Every session begins in English.",
            japanese: "引数なしの LANG で言語の一覧を確認し、言語タグを付けた LANG で選びます。変わるのは人のための\
                       文だけで、応答コード、数値、キーワードは変わりません。どのセッションも英語で始まります。",
        },
        scene: Scene::Tls,
        dialogue: "C: LANG\nS: +OK languages follow\nS: en English\nS: ja 日本語\nS: .",
        see_also: &["LANG", "E-46"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "LOGIN-DELAY",
        aliases: &[],
        states: &[A, T],
        source: "RFC 2449 §6.5",
        summary: Said {
            english: "So many seconds must pass between two logins of one user.",
            japanese: "同じユーザーのログインの間に必要な秒数です。",
        },
        text: Said {
            english: "Clients that look for mail every few seconds cost a server much and bring nothing. This line \
                      names the shortest interval, and a login before it is over gets [LOGIN-DELAY]. The word USER \
                      behind the number before login means that the exact value depends on the user; ask again \
                      after login. Where the line is missing there is no such rule.",
            japanese: "数秒ごとに受信するクライアントは、サーバーの負担になるだけです。この行は最短の間隔を示し、そ\
                       れより早いログインには [LOGIN-DELAY] を返します。ログイン前に数値の後に USER が付いている場\
                       合、正確な値はユーザーごとに異なるので、ログイン後に確認し直してください。この行がなければ、\
                       そのような規則はありません。",
        },
        scene: Scene::Told,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: LOGIN-DELAY 60\nS: .",
        see_also: &["[LOGIN-DELAY]", "E-33"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "EXPIRE",
        aliases: &["EXPIRE NEVER"],
        states: &[A, T],
        source: "RFC 2449 §6.7",
        summary: Said {
            english: "How many days the server keeps mail; NEVER means that it removes none by itself.",
            japanese: "サーバーがメールを保管する日数です。NEVER は、自動的には削除しないことを示します。",
        },
        text: Said {
            english: "A client that leaves mail on the server has to know whether it will stay there. EXPIRE 30 \
                      warns that messages may vanish after thirty days, EXPIRE 0 that retrieved ones may vanish at \
                      QUIT. With EXPIRE NEVER only DELE and QUIT remove anything.",
            japanese: "サーバーにメールを残すクライアントは、それがいつまで残るのかを知る必要があります。EXPIRE 30 \
                       は 30 日後に、EXPIRE 0 は取得したメッセージが QUIT の時点で、削除される可能性があることを示\
                       します。EXPIRE NEVER では、DELE と QUIT 以外によって削除されることはありません。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: EXPIRE NEVER\nS: …\nS: .",
        see_also: &["DELE", "E-56", "CAPA"],
    },
    Lesson {
        kind: Kind::Capability,
        word: "IMPLEMENTATION",
        aliases: &[],
        states: &[A, T],
        source: "RFC 2449 §6.9",
        summary: Said {
            english: "The name of the server program.", japanese: "サーバー プログラムの名前です。"
        },
        text: Said {
            english: "This line is for people who look for the cause of a trouble, not for programs: no client may \
                      behave differently because of it. Watchpost gives its name and no version, since a version \
                      helps those who look for old, vulnerable servers.",
            japanese: "問題の原因を調べる人のための行で、プログラムのためのものではありません。クライアントは、この\
                       内容によって動作を変えてはいけません。Watchpost は名前だけを示し、バージョンを示しません。バ\
                       ージョンは、古くて弱いサーバーを探す者の助けになるためです。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\nS: +OK Capability list follows\nS: …\nS: IMPLEMENTATION Watchpost\nS: …\nS: .",
        see_also: &["CAPA", "greeting"],
    },
];
