//! E-01 to E-20: lines, logins, and what protects them.

use super::{ErrorLesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T};

pub(super) const FIRST: &[ErrorLesson] = &[
    ErrorLesson {
        id: "E-01",
        states: &[A, T],
        source: "RFC 1939 §3",
        situation: "不明なコマンド",
        text: Said {
            english: "The first word of the line is no command of this server: a slip of the keyboard, an \
                      extension it does not have, or another protocol altogether. Ask with CAPA what there is, and \
                      try no further unknown commands: ten in a row end the session.",
            japanese: "行の最初の語が、このサーバーのコマンドではありません。入力の誤り、対応していない拡張機能、ま\
                       たは別のプロトコルが考えられます。使える機能は CAPA で確認できます。不明なコマンドが 10 回続\
                       くとセッションは終了します。",
        },
        scene: Scene::Tls,
        dialogue: "C: HELO client.example.org",
        see_also: &["CAPA", "E-08"],
    },
    ErrorLesson {
        id: "E-02",
        states: &[A],
        source: "RFC 1939 §3",
        situation: "ログイン後にだけ使えるコマンド",
        text: Said {
            english: "The command works on an open maildrop, and nobody has logged in yet. Often an earlier login \
                      failed and the client went on without looking at the reply. Log in first, with AUTH or with \
                      USER and PASS.",
            japanese: "このコマンドは開いたメールボックスに対するものですが、まだログインしていません。ログインに失\
                       敗したことに気付かず、クライアントが続行した場合によく起こります。AUTH、または USER と PASS \
                       で先にログインしてください。",
        },
        scene: Scene::Tls,
        dialogue: "C: STAT",
        see_also: &["AUTHORIZATION", "TRANSACTION", "PASS"],
    },
    ErrorLesson {
        id: "E-03",
        states: &[T],
        source: "RFC 1939 §3; RFC 5034 §4; RFC 2595 §4",
        situation: "ログイン前にだけ使えるコマンド",
        text: Said {
            english: "Who the client is has been settled, and one session serves one maildrop: logging in again, \
                      STLS and UTF8 are over. To use another account, say QUIT and connect anew.",
            japanese: "クライアントが誰であるかはすでに決まっており、1 つのセッションで使えるメールボックスは 1 つ\
                       だけです。再度のログイン、STLS、UTF8 はもう使えません。別のアカウントを使うには、QUIT で終了\
                       して接続し直してください。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: USER mrose",
        see_also: &["TRANSACTION", "QUIT"],
    },
    ErrorLesson {
        id: "E-04",
        states: &[A, T],
        source: "RFC 1939 §3",
        situation: "引数の不足",
        text: Said {
            english: "The command needs a word that is not there, a message-number for instance. It was not \
                      carried out. This is a mistake of the client program; a person typing simply says it again \
                      in full.",
            japanese: "メッセージ番号など、コマンドに必要な引数がありません。コマンドは実行されていません。クライア\
                       ントのプログラムの誤りです。手で入力している場合は、引数を付けて入力し直してください。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR",
        see_also: &["E-05", "E-48"],
    },
    ErrorLesson {
        id: "E-05",
        states: &[A, T],
        source: "RFC 1939 §3, §5, §7",
        situation: "余分な引数",
        text: Said {
            english: "There is more on the line than the command takes. The server guesses nothing and carries out \
                      nothing: in DELE 1 2 it could not know which was meant. Only PASS takes everything to the \
                      end of the line. A user name with a space in it ends here too; AUTH can carry it.",
            japanese: "コマンドが受け取る数より多くの引数があります。サーバーは推測せず、何も実行しません。DELE 1 \
                       2 では、どちらを指すのか判断できないためです。行末まですべてを受け取るのは PASS だけです。空\
                       白を含むユーザー名もここで拒否されますが、AUTH なら送信できます。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: STAT 1",
        see_also: &["E-04", "PASS"],
    },
    ErrorLesson {
        id: "E-06",
        states: &[A, T],
        source: "RFC 2449 §4",
        situation: "長すぎるコマンド行",
        text: Said {
            english: "A command line may have 255 octets, its line end included; lines of AUTH may be longer. The \
                      server throws away everything up to the next line end and reads none of it as a command. No \
                      ordinary command is that long, so a client that meets this has lost its place, or means harm.",
            japanese: "コマンド行は行末を含めて 255 オクテットまでです (AUTH の行はそれより長くできます)。サーバー\
                       は次の行末までをすべて捨て、その内容をコマンドとして扱いません。通常のコマンドがこの長さにな\
                       ることはないため、クライアントの不具合か、悪意のある入力と考えられます。",
        },
        scene: Scene::Told,
        dialogue: "C: NOOP xxxxxxxxxxxxxxxxxxxxxxxx…",
        see_also: &["CRLF", "E-24"],
    },
    ErrorLesson {
        id: "E-07",
        states: &[A, T],
        source: "RFC 1939 §3",
        situation: "NUL、制御文字、単独の CR を含む行",
        text: Said {
            english: "Commands consist of printable characters. A NUL, a tab or another control character stands \
                      in this line, or a CR without its LF, so nothing in it was looked at. A person at a terminal \
                      has pressed a cursor key, usually; a program sends line ends of the wrong kind.",
            japanese: "コマンドに使えるのは印字可能な文字だけです。この行には NUL、タブなどの制御文字、または LF を\
                       伴わない CR が含まれているため、内容は解釈されていません。手で入力している場合はカーソル キ\
                       ーを押したことが、プログラムの場合は行末の誤りが主な原因です。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 1<TAB>",
        see_also: &["CRLF", "E-10"],
    },
    ErrorLesson {
        id: "E-08",
        states: &[A, T],
        source: "RFC 1939 §3",
        situation: "無効なコマンドの上限",
        text: Said {
            english: "Ten bad commands in a row before login, or twenty after it, tell that the other side does \
                      not speak POP3 or is out of step. One successful command sets the count back. The server \
                      closes the connection; marked messages stay, since there was no QUIT. Connect again with a \
                      client that has been set right.",
            japanese: "無効なコマンドがログイン前に 10 回、ログイン後に 20 回続くと、相手は POP3 を話していないか、\
                       やり取りがずれているとみなされます。コマンドが 1 回成功すると、数え直しになります。サーバー\
                       は接続を閉じます。QUIT がないため、印を付けたメッセージは残ります。クライアントの設定を直し\
                       てから、接続し直してください。",
        },
        scene: Scene::Told,
        dialogue: "C: HELO client.example.org",
        see_also: &["E-01", "E-02", "E-04"],
    },
    ErrorLesson {
        id: "E-09",
        states: &[A],
        source: "RFC 1939 §7",
        situation: "USER のない PASS",
        text: Said {
            english: "PASS is taken only directly behind an accepted USER. Any command in between, or a failed \
                      PASS, uses the name up. Begin again with USER.",
            japanese: "PASS は、受け付けられた USER の直後にだけ使えます。間に別のコマンドがあった場合や、PASS に失\
                       敗した場合、名前は無効になります。USER からやり直してください。",
        },
        scene: Scene::Tls,
        dialogue: "C: PASS tanstaaf",
        see_also: &["USER", "PASS"],
    },
    ErrorLesson {
        id: "E-10",
        states: &[A],
        source: "RFC 6856 §2.2",
        situation: "UTF-8 として正しくない、または許可されないオクテットを含む USER / PASS",
        text: Said {
            english: "A name or password beyond ASCII must be well-formed UTF-8, without characters that nobody \
                      can type or see, such as marks of writing direction. This one is not, so it was compared \
                      with nothing. Most often an old mail program sends another encoding: update it, or choose a \
                      password of ASCII characters.",
            japanese: "ASCII 以外の文字を含むユーザー名やパスワードは、正しい UTF-8 で、文字の方向を示す記号など、\
                       目に見えない文字を含まないものでなければなりません。そうなっていないため、何も照合していませ\
                       ん。多くは、古いメール ソフトが別の文字コードを使っていることが原因です。更新するか、ASCII \
                       文字だけのパスワードをお使いください。",
        },
        scene: Scene::Told,
        dialogue: "C: USER <82 E4 82 AB>",
        see_also: &["USER", "SASL PLAIN", "UTF8"],
    },
    ErrorLesson {
        id: "E-11",
        states: &[A],
        source: "RFC 3206 §5; RFC 1939 §13",
        situation: "パスワード、ユーザー名、ダイジェスト、証明のいずれかの誤り",
        text: Said {
            english: "User name and password do not belong together. The server does not say which of them is \
                      wrong, so that nobody can find out names by trying. Ask the user to type both anew; a \
                      program must not repeat a login that has failed so, for the third failure ends the \
                      connection and further ones slow it down.",
            japanese: "ユーザー名とパスワードの組み合わせが正しくありません。名前を試して存在を調べられないように、\
                       サーバーはどちらが誤りかを示しません。ユーザーに両方を入力し直してもらってください。プログラ\
                       ムが同じ内容で繰り返してはいけません。3 回失敗すると接続が終了し、その後も失敗が続くと待たさ\
                       れるようになります。",
        },
        scene: Scene::Tls,
        dialogue: "C: USER mrose\nS: +OK send PASS\nC: PASS wrong",
        see_also: &["[AUTH]", "PASS", "AUTH", "E-34"],
    },
    ErrorLesson {
        id: "E-12",
        states: &[A],
        source: "RFC 3206 §5",
        situation: "無効にされたアカウント (パスワードは正しい)",
        text: Said {
            english: "Name and password are right, but an administrator has disabled the account. With a wrong \
                      password the answer would have been E-11. The mail is kept. Only the administrator can help: \
                      watchpost user enable NAME.",
            japanese: "ユーザー名とパスワードは正しいものの、管理者がアカウントを無効にしています。パスワードが誤っ\
                       ている場合の応答は E-11 です。メールは保管されています。再び有効にできるのは管理者だけです (\
                       watchpost user enable NAME)。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[AUTH]", "E-11"],
    },
    ErrorLesson {
        id: "E-13",
        states: &[A],
        source: "RFC 3206 §5",
        situation: "パスワードの期限切れ (パスワードは正しい)",
        text: Said {
            english: "The password is right, but its time is up. POP3 has no command for a new one: change it \
                      where the provider offers that, then enter the new one into the mail program.",
            japanese: "パスワードは正しいものの、有効期限が切れています。POP3 にはパスワードを変更するコマンドがあ\
                       りません。プロバイダーの画面などで変更してから、新しいパスワードをメール ソフトに設定してく\
                       ださい。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[AUTH]", "E-11"],
    },
    ErrorLesson {
        id: "E-14",
        states: &[A],
        source: "RFC 3206 §5",
        situation: "POP3 を使えないアカウント",
        text: Said {
            english: "The password is right, and the account is meant for other ways to the mail than POP3. Ask \
                      the administrator to allow POP3, or use what is allowed.",
            japanese: "パスワードは正しいものの、このアカウントでは POP3 以外の方法でメールを読むように設定されてい\
                       ます。管理者に POP3 の許可を依頼するか、許可されている方法をご利用ください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[AUTH]", "E-15"],
    },
    ErrorLesson {
        id: "E-15",
        states: &[A],
        source: "RFC 3206 §5",
        situation: "アドレス、時刻、端末による制限",
        text: Said {
            english: "A rule of the operator forbids this login from here, at this hour or with this device, \
                      however right the password may be. Trying again from the same place does not help; ask the \
                      administrator which rule it is.",
            japanese: "パスワードが正しくても、管理者の定めた規則により、この場所、時刻、または端末からはログインで\
                       きません。同じ場所からやり直しても結果は変わりません。どの規則によるものか、管理者にお尋ねく\
                       ださい。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[AUTH]", "E-14"],
    },
    ErrorLesson {
        id: "E-16",
        states: &[A],
        source: "RFC 3206 §5",
        situation: "アプリ パスワードが必要",
        text: Said {
            english: "The account is protected by a second factor, which POP3 cannot ask for. It therefore takes \
                      only a password made for one mail program. Have one made and enter it in place of the \
                      ordinary one.",
            japanese: "このアカウントは 2 要素認証で保護されていますが、POP3 では 2 つ目の要素を確認できません。そ\
                       のため、メール ソフト専用に発行されたパスワードだけを受け付けます。発行を受け、通常のパスワ\
                       ードの代わりに設定してください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[AUTH]", "E-11"],
    },
    ErrorLesson {
        id: "E-17",
        states: &[A],
        source: "RFC 2595 §2.3; RFC 8314 §4.1",
        situation: "TLS で保護されていない USER",
        text: Said {
            english: "The connection is in clear text, where anybody on the way could read the password that \
                      follows. The server says so already at USER, before the password is sent, and to everybody \
                      alike. Switch TLS on in the mail program: STLS (STARTTLS) on port 110, or SSL/TLS on port \
                      995.",
            japanese: "接続が平文のため、続いて送信されるパスワードを途中で誰でも読めてしまいます。サーバーは、パス\
                       ワードが送信される前の USER の時点で、誰に対しても同じように拒否します。メール ソフトで TLS \
                       を有効にしてください。ポート 110 なら STLS (STARTTLS)、ポート 995 なら SSL/TLS です。",
        },
        scene: Scene::Clear,
        dialogue: "C: USER mrose",
        see_also: &["STLS", "POP3S", "E-18"],
    },
    ErrorLesson {
        id: "E-18",
        states: &[A],
        source: "RFC 5034 §4; RFC 4616 §5; RFC 7628 §3",
        situation: "TLS で保護されていない PASS、PLAIN、LOGIN、トークン",
        text: Said {
            english: "A password or token was to cross the network in clear text. Nothing was checked, so this \
                      tells nothing about the password; but if it was sent, somebody may have read it, and it \
                      should be changed. Switch TLS on in the mail program.",
            japanese: "パスワードまたはトークンが平文で送信されようとしました。何も照合していないため、パスワードの\
                       正誤とは関係ありません。ただし、すでに送信された場合は誰かに読まれた可能性があるので、変更し\
                       てください。メール ソフトで TLS を有効にしてください。",
        },
        scene: Scene::Clear,
        dialogue: "C: AUTH PLAIN",
        see_also: &["STLS", "POP3S", "E-17"],
    },
    ErrorLesson {
        id: "E-19",
        states: &[A],
        source: "RFC 5034 §4",
        situation: "対応していない認証方式",
        text: Said {
            english: "The server does not have the mechanism that the client asked for. No credentials were looked \
                      at, and another mechanism may follow at once. SASL in CAPA lists what there is.",
            japanese: "クライアントが指定した認証方式に、サーバーが対応していません。資格情報は照合されておらず、す\
                       ぐに別の方式を試すことができます。使える方式は CAPA の SASL に示されます。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH CRAM-MD5",
        see_also: &["AUTH", "SASL"],
    },
    ErrorLesson {
        id: "E-20",
        states: &[A],
        source: "RFC 5034 §4",
        situation: "許可されていない初期応答",
        text: Said {
            english: "In this mechanism the server speaks first, so there is nothing yet that the client could \
                      answer. It sent data behind the mechanism all the same. Send the mechanism alone and wait \
                      for the + line.",
            japanese: "この認証方式ではサーバーが先に話すため、クライアントが最初に答えるものはまだありません。それ\
                       にもかかわらず、認証方式の後にデータが付いていました。認証方式だけを送信し、+ の行を待ってく\
                       ださい。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH LOGIN bXJvc2U=",
        see_also: &["AUTH", "SASL LOGIN"],
    },
];
