//! E-21 to E-41: SASL, and what keeps a login from its maildrop.

use super::{ErrorLesson, Said, Scene};
use crate::pop3::State::{Authorization as A, Transaction as T};

pub(super) const LOGIN: &[ErrorLesson] = &[
    ErrorLesson {
        id: "E-21",
        states: &[A],
        source: "RFC 5034 §4; RFC 4648 §3.3",
        situation: "Base64 の誤り",
        text: Said {
            english: "What the client sent in the exchange is not base64: a character outside the alphabet, a \
                      space, or wrong padding. The server skips nothing, since two readings of one line are a door \
                      for tricks. The exchange is over; begin again with AUTH.",
            japanese: "やり取りの中でクライアントが送信した内容が、Base64 になっていません。使えない文字、空白、誤\
                       ったパディングのいずれかが含まれています。1 つの行が 2 通りに読めると悪用されるおそれがある\
                       ため、サーバーは誤りを読み飛ばしません。やり取りは終了しました。AUTH からやり直してください\
                       。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH PLAIN\nS: + \nC: not base64",
        see_also: &["AUTH", "E-23"],
    },
    ErrorLesson {
        id: "E-22",
        states: &[A],
        source: "RFC 5034 §4",
        situation: "クライアントが送信した *",
        text: Said {
            english: "The client took its login attempt back with a lone asterisk, as it may. Nothing was checked \
                      and nothing failed; it may try another mechanism.",
            japanese: "クライアントが * だけの行を送信し、ログインを取りやめました。正当な操作です。何も照合してお\
                       らず、失敗にも数えません。別の方式を試すことができます。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH PLAIN\nS: + \nC: *",
        see_also: &["AUTH"],
    },
    ErrorLesson {
        id: "E-23",
        states: &[A],
        source: "RFC 4616 §2; RFC 4422 §3",
        situation: "形式の誤った SASL メッセージ",
        text: Said {
            english: "The base64 is fine, but what it holds is not what the mechanism demands: in PLAIN two NULs, \
                      a user name and a password, in well-formed UTF-8. This is a mistake of the client program, \
                      and says nothing about the password.",
            japanese: "Base64 は正しいものの、その中身が認証方式の定める形になっていません。PLAIN では、正しい \
                       UTF-8 で、2 つの NUL とユーザー名とパスワードが必要です。クライアントのプログラムの誤りであ\
                       り、パスワードの正誤とは関係ありません。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH PLAIN dGlt",
        see_also: &["SASL PLAIN", "E-21"],
    },
    ErrorLesson {
        id: "E-24",
        states: &[A],
        source: "RFC 5034 §4",
        situation: "上限を超えた SASL データ",
        text: Said {
            english: "Lines of an exchange may be much longer than commands, because tokens are long, but not \
                      endless. This one was beyond the limit; the rest of it was thrown away and the exchange is \
                      over. No honest client comes near the limit.",
            japanese: "トークンは長いため、やり取りの行はコマンドよりずっと長くできますが、無制限ではありません。こ\
                       の行は上限を超えたため、残りは捨てられ、やり取りは終了しました。通常のクライアントが上限に達\
                       することはありません。",
        },
        scene: Scene::Told,
        dialogue: "C: AUTH PLAIN\nS: + \nC: AG1yb3NlAHRhbnN0YWFm…",
        see_also: &["AUTH", "E-06"],
    },
    ErrorLesson {
        id: "E-25",
        states: &[A],
        source: "RFC 4616 §2; RFC 4422 §3.6",
        situation: "許可されていない authzid",
        text: Said {
            english: "PLAIN can say: I am this user, with this password, and want to act as that one. The right to \
                      act as somebody else has to be given expressly, and was not. Most often the client filled in \
                      the field by mistake: leave it empty, or equal to the user name.",
            japanese: "PLAIN では、あるユーザーとして認証を受け、別のユーザーとして操作することを求められます。別の\
                       ユーザーとして操作する権限は明示的に与える必要がありますが、与えられていません。多くは、クラ\
                       イアントの設定の誤りです。その欄を空にするか、ユーザー名と同じにしてください。",
        },
        scene: Scene::Told,
        dialogue: "C: AUTH PLAIN Ym9zcwBtcm9zZQB0YW5zdGFhZg==",
        see_also: &["SASL PLAIN", "[AUTH]"],
    },
    ErrorLesson {
        id: "E-26",
        states: &[A],
        source: "RFC 5802 §6; RFC 9266 §4.1",
        situation: "チャネル バインディングの検証の失敗",
        text: Said {
            english: "The client proved which TLS connection it sees, and it is not the one the server sees. \
                      Somebody may stand between the two, so the server closes the connection and allows no second \
                      try on it. If a TLS-inspecting firewall or proxy is in use, it is the cause; otherwise take \
                      the warning seriously.",
            japanese: "クライアントから見える TLS 接続が、サーバーから見えるものと一致しません。途中に誰かが入り込\
                       んでいる可能性があるため、サーバーは接続を閉じ、その接続での再試行を許可しません。TLS を検査\
                       するファイアウォールやプロキシを使っている場合は、それが原因です。そうでなければ、警告として\
                       受け止めてください。",
        },
        scene: Scene::Told,
        dialogue: "C: AUTH SCRAM-SHA-256-PLUS",
        see_also: &["AUTH", "STLS"],
    },
    ErrorLesson {
        id: "E-27",
        states: &[A],
        source: "RFC 7628 §3.2.2; RFC 6750 §5",
        situation: "無効または期限切れのトークン",
        text: Said {
            english: "The access token has expired, was withdrawn, or was made for another service or mailbox. A \
                      mail program fetches a new one by itself and tries once more; if that fails, sign in again \
                      at the provider.",
            japanese: "アクセス トークンが期限切れか、取り消されたか、別のサービスやメールボックスのために発行され\
                       たものです。メール ソフトは通常、新しいトークンを自動的に取得して 1 回だけやり直します。それ\
                       でも失敗する場合は、プロバイダーにサインインし直してください。",
        },
        scene: Scene::Told,
        dialogue: "C: AUTH XOAUTH2\nS: + \nC: dXNlcj1tcm9zZQFhdXRoPUJlYXJlciB4AQE=",
        see_also: &["[AUTH]", "AUTH"],
    },
    ErrorLesson {
        id: "E-28",
        states: &[A],
        source: "RFC 4422 Appendix A; RFC 8314 §4.2",
        situation: "使用できるクライアント証明書がない",
        text: Said {
            english: "EXTERNAL logs in with the certificate that the client showed in the TLS handshake. It showed \
                      none, or one that no trusted authority signed, that has expired, or that belongs to nobody \
                      here. Install the right certificate in the mail program, or log in with a password.",
            japanese: "EXTERNAL は、TLS ハンドシェイクで示されたクライアント証明書でログインする方式です。証明書が\
                       示されていないか、信頼できる認証局の署名がないか、期限切れか、該当するユーザーがいません。正\
                       しい証明書をメール ソフトに設定するか、パスワードでログインしてください。",
        },
        scene: Scene::Told,
        dialogue: "C: AUTH EXTERNAL =",
        see_also: &["AUTH", "[AUTH]"],
    },
    ErrorLesson {
        id: "E-29",
        states: &[A],
        source: "RFC 1939 §7; RFC 6151 §2.1",
        situation: "無効にされた APOP",
        text: Said {
            english: "The greeting held no timestamp, so APOP is not on offer here, which is the default: it rests \
                      on MD5 and on secrets kept in readable form. Choose an ordinary password over TLS in the \
                      mail program.",
            japanese: "挨拶にタイムスタンプがないため、APOP は使用できません。これは既定の設定です。APOP は MD5 と\
                       、読める形で保管される秘密に頼っているためです。メール ソフトで、TLS と通常のパスワードを選\
                       んでください。",
        },
        scene: Scene::Tls,
        dialogue: "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb",
        see_also: &["APOP", "APOP timestamp"],
    },
    ErrorLesson {
        id: "E-30",
        states: &[A],
        source: "RFC 1939 §7",
        situation: "形式の誤った APOP のダイジェスト",
        text: Said {
            english: "The second argument must be 32 hexadecimal digits in lower case. This one is not, so it was \
                      compared with nothing; the client program is at fault, not the secret.",
            japanese: "2 番目の引数は、小文字の 16 進数 32 桁でなければなりません。そうなっていないため、何も照合し\
                       ていません。秘密ではなく、クライアントのプログラムの誤りです。",
        },
        scene: Scene::Apop,
        dialogue: "S: +OK Watchpost ready <6f1c0b5a94d84e0fb27d3c65a1e8f903@mail.example.org>\n\
                   C: APOP mrose tanstaaf",
        see_also: &["APOP", "APOP timestamp"],
    },
    ErrorLesson {
        id: "E-31",
        states: &[A],
        source: "RFC 1939 §4; RFC 2449 §8.1.2",
        situation: "使用中のメールボックス",
        text: Said {
            english: "The password was right, but another session has the maildrop open, and one maildrop serves \
                      one session at a time: two could remove mail under each other's feet. Usually it is the same \
                      user's telephone or second computer, or a session whose connection broke and which the \
                      server has not given up yet. Wait a little and try again; there is no reason to ask for the \
                      password.",
            japanese: "パスワードは正しいものの、別のセッションがメールボックスを開いています。互いに相手のメールを\
                       削除してしまわないよう、1 つのメールボックスを使えるのは一度に 1 つのセッションだけです。同\
                       じユーザーの電話や別のコンピューター、または切断されたことがサーバーにまだ伝わっていないセッ\
                       ションが主な原因です。しばらく待ってから、もう一度お試しください。パスワードを尋ね直す必要は\
                       ありません。",
        },
        scene: Scene::Told,
        dialogue: "C: USER mrose\nS: +OK send PASS\nC: PASS tanstaaf",
        see_also: &["[IN-USE]", "maildrop", "E-32"],
    },
    ErrorLesson {
        id: "E-32",
        states: &[A],
        source: "RFC 2449 §8.1.2",
        situation: "ユーザーごとのセッション数の上限",
        text: Said {
            english: "The password was right, but this user has as many sessions as the operator allows. The \
                      server closes this one. Close mail programs that run elsewhere, or wait until their sessions \
                      have ended.",
            japanese: "パスワードは正しいものの、このユーザーのセッション数が管理者の定めた上限に達しています。サー\
                       バーはこのセッションを閉じます。ほかで動いているメール ソフトを終了するか、それらのセッショ\
                       ンが終わるまでお待ちください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[IN-USE]", "E-31", "E-35"],
    },
    ErrorLesson {
        id: "E-33",
        states: &[A],
        source: "RFC 2449 §6.5, §8.1.1",
        situation: "早すぎるログイン",
        text: Said {
            english: "The operator wants some time between two logins of one user, and LOGIN-DELAY in CAPA says \
                      how much. The password was right. A mail program should look for mail less often; it may try \
                      again after the seconds named.",
            japanese: "管理者は、同じユーザーのログインに一定の間隔を求めています。その秒数は CAPA の LOGIN-DELAY \
                       に示されます。パスワードは正しいものです。示された秒数が過ぎれば、もう一度試せます。メール \
                       ソフトの受信間隔を長くしてください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["LOGIN-DELAY", "[LOGIN-DELAY]"],
    },
    ErrorLesson {
        id: "E-34",
        states: &[A],
        source: "RFC 3206 §4; RFC 4422 §6.2",
        situation: "照合前の制限",
        text: Said {
            english: "Too many logins have failed from this address or for this account, so the server did not \
                      even look at this one, and closes. It tells nothing about the password. A program should \
                      wait and then try once; somebody who meets this without any fault of theirs is sharing an \
                      address with a guesser, or has an old password stored in a forgotten device.",
            japanese: "このアドレスまたはアカウントでログインの失敗が多すぎるため、サーバーは内容を照合せずに接続を\
                       閉じます。パスワードの正誤とは関係ありません。プログラムは、しばらく待ってから 1 回だけやり\
                       直してください。心当たりがない場合は、パスワードを推測している者とアドレスを共有しているか、\
                       別の端末に古いパスワードが残っている可能性があります。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/TEMP]", "E-11", "E-35"],
    },
    ErrorLesson {
        id: "E-35",
        states: &[A],
        source: "RFC 2449 §3; RFC 3206 §4",
        situation: "アドレスごとの接続数の上限 (接続時)",
        text: Said {
            english: "This address has as many connections open as one address may have. The line stands in place \
                      of the greeting, and the server closes at once. A mail program with many accounts should \
                      fetch them one after another; wait until the others have ended.",
            japanese: "このアドレスからの接続数が上限に達しています。この行は挨拶の代わりに送信され、サーバーはすぐ\
                       に接続を閉じます。多くのアカウントを使うメール ソフトは、1 つずつ順番に受信してください。ほ\
                       かの接続が終わるまでお待ちください。",
        },
        scene: Scene::Told,
        dialogue: "",
        see_also: &["[SYS/TEMP]", "greeting", "E-32"],
    },
    ErrorLesson {
        id: "E-36",
        states: &[A],
        source: "RFC 3206 §4",
        situation: "認証サービスの停止",
        text: Said {
            english: "The server could not ask whether the password is right: the list of accounts is not to be \
                      had just now. Nothing is wrong with the user's settings. Try again later; the operator finds \
                      the cause in the log.",
            japanese: "アカウントの情報を参照できず、サーバーはパスワードを照合できませんでした。ユーザーの設定に問\
                       題はありません。しばらく待ってからもう一度お試しください。管理者は、ログで原因を確認できます\
                       。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/TEMP]", "E-37"],
    },
    ErrorLesson {
        id: "E-37",
        states: &[A],
        source: "RFC 1939 §4; RFC 3206 §4",
        situation: "今は開けないメールボックス",
        text: Said {
            english: "The password was right, but the maildrop cannot be opened at present, because a disk or a \
                      network file system does not answer, for instance. The server let everything go again and \
                      the session is as before the login. Try again later.",
            japanese: "パスワードは正しいものの、ディスクやネットワーク ファイル システムが応答しないなどの理由で、\
                       今はメールボックスを開けません。サーバーは確保したものをすべて解放し、セッションはログイン前\
                       の状態に戻っています。しばらく待ってからもう一度お試しください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/TEMP]", "E-40", "maildrop"],
    },
    ErrorLesson {
        id: "E-38",
        states: &[A, T],
        source: "RFC 3206 §4",
        situation: "メモリ、ディスク、記述子の不足",
        text: Said {
            english: "The server has run short of something: memory, disk space or open files. Users can only \
                      wait. The operator should look at watchpost's log and at the machine.",
            japanese: "メモリ、ディスクの空き容量、開けるファイルの数など、サーバーの資源が不足しています。ユーザー\
                       は待つほかありません。管理者は、Watchpost のログとコンピューターの状態を確認してください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/TEMP]", "E-37"],
    },
    ErrorLesson {
        id: "E-39",
        states: &[A],
        source: "RFC 3206 §4",
        situation: "停止中のサーバー",
        text: Said {
            english: "The server is being stopped or restarted and takes nobody new in; sessions that are open may \
                      finish. Connect again in a minute.",
            japanese: "サーバーは停止または再起動の途中で、新しい接続を受け付けていません。すでに開いているセッショ\
                       ンは続けられます。1 分ほどしてから接続し直してください。",
        },
        scene: Scene::Told,
        dialogue: "",
        see_also: &["[SYS/TEMP]", "greeting"],
    },
    ErrorLesson {
        id: "E-40",
        states: &[A],
        source: "RFC 3206 §4",
        situation: "破損したメールボックス",
        text: Said {
            english: "What is on disk does not make sense as a maildrop, and the server rather stops than risk \
                      mail. It will not heal by waiting: the administrator has to look at it. No mail has been \
                      removed.",
            japanese: "ディスク上の内容が、メールボックスとして正しくありません。メールを危険にさらさないよう、サー\
                       バーは開くのをやめました。待っても回復しないため、管理者による確認が必要です。メールは削除さ\
                       れていません。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/PERM]", "E-37", "E-54"],
    },
    ErrorLesson {
        id: "E-41",
        states: &[A],
        source: "RFC 3206 §4",
        situation: "設定の誤り",
        text: Said {
            english: "The server met a mistake in its own configuration, such as a maildrop path that leads \
                      nowhere. Users cannot mend that, and waiting does not help. The operator runs watchpost \
                      check-config and reads the log.",
            japanese: "メールボックスのパスが存在しないなど、サーバーの設定に誤りがあります。ユーザーには直せず、待\
                       っても解決しません。管理者は watchpost check-config を実行し、ログを確認してください。",
        },
        scene: Scene::Told,
        dialogue: "C: PASS tanstaaf",
        see_also: &["[SYS/PERM]", "E-36"],
    },
];
