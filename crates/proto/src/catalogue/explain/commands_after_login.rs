//! Commands of the TRANSACTION state.

use super::{CommandLesson, Said, Scene};

pub(super) const AFTER_LOGIN: &[CommandLesson] = &[
    CommandLesson {
        command: "STAT",
        aliases: &[],
        takes: "なし",
        answers: "+OK 通数 オクテット数",
        text: Said {
            english: "A quick look at the maildrop: two numbers, how many messages there are and how many octets \
                      they have together. Messages marked by DELE are in neither number. The order and the single \
                      spaces are fixed, because programs read the reply. The numbers do not change when new mail \
                      arrives during the session: it becomes visible at the next login.",
            japanese: "メールボックスの様子をすばやく確かめるコマンドです。メッセージの数と、合計のオクテット数を返\
                       します。DELE で印を付けたメッセージは、どちらの数にも含まれません。プログラムが読み取るため\
                       、順序と空白 1 つの区切りは決まっています。セッション中に新しいメールが届いても数は変わらず\
                       、次のログインから見えるようになります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: STAT\nS: +OK 2 194",
        see_also: &["LIST", "octets", "DELE"],
    },
    CommandLesson {
        command: "LAST",
        aliases: &[],
        takes: "なし",
        answers: "+OK 番号。有効にされていないサーバーでは -ERR",
        text: Said {
            english: "Before UIDL, LAST was how a client that leaves mail on the server knew what was new: \
                      everything above the highest message-number that was retrieved. It fails as soon as messages \
                      are removed out of order, so RFC 1725 took it out of the protocol. Watchpost answers \
                      -ERR, as RFC 1939 wants; the operator can switch it on for a client that needs it.",
            japanese: "UIDL がなかった頃に、サーバーにメールを残すクライアントが新着を知るために使ったコマンドです。\
                       取得した最大のメッセージ番号より大きいものが新着とみなされました。途中のメッセージが削除さ\
                       れると役に立たないため、RFC 1725 で廃止されました。Watchpost は RFC 1939 のとおり -ERR を返\
                       しますが、必要とするクライアントのために管理者が有効にできます。",
        },
        scene: Scene::Told,
        dialogue: "C: RETR 2\nS: +OK 113 octets\nS: …\nS: .\nC: LAST\nS: +OK 2",
        see_also: &["UIDL", "RETR", "message-number"],
    },
    CommandLesson {
        command: "LIST",
        aliases: &[],
        takes: "[メッセージ番号]",
        answers: "+OK に続けてメッセージごとにサイズの行。番号を指定した場合はそのメッセージのサイズ",
        text: Said {
            english: "LIST tells the size of each message, so that a client can show progress or leave large ones \
                      for later. A line of it is called a scan listing: the message-number, a space and the \
                      octets. The size is exactly what RETR will deliver, without the dots that dot-stuffing adds. \
                      Messages marked by DELE are left out, but the others keep their numbers. With a number the \
                      answer is one line instead of many.",
            japanese: "メッセージごとのサイズを返します。クライアントは、進み具合を表示したり、大きなメッセージを後\
                       回しにしたりできます。各行は、メッセージ番号、空白、オクテット数からなり、scan listing と呼\
                       ばれます。サイズは RETR で届くオクテット数と正確に一致し、dot-stuffing で加わるドットは含み\
                       ません。DELE で印を付けたメッセージは省かれますが、ほかのメッセージの番号は変わりません。番\
                       号を指定すると、応答は 1 行だけになります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: LIST\nS: +OK scan listing follows\nS: 1 81\nS: 2 113\nS: .\nC: LIST 2\nS: +OK 2 113",
        see_also: &["scan listing", "STAT", "UIDL", "octets"],
    },
    CommandLesson {
        command: "RETR",
        aliases: &[],
        takes: "メッセージ番号",
        answers: "+OK nnn octets、メッセージ、ドットだけの行",
        text: Said {
            english: "RETR sends a whole message, header and body, as it is stored. The number in the reply is its \
                      size in octets. A lone dot on a line marks the end, and a line of the message that begins \
                      with a dot gets a second one on the way (dot-stuffing), which the client takes away again. \
                      RETR does not remove anything: DELE and QUIT do. If the message cannot be read to its end, \
                      the server closes the connection without the final dot, so that no client takes a stump for \
                      the whole.",
            japanese: "メッセージ全体を、ヘッダーも本文も保存されたまま送信します。応答の数値は、メッセージのオクテ\
                       ット数です。ドットだけの行が終わりを示します。ドットで始まる行には、送信時にドットがもう 1 \
                       つ加えられ (dot-stuffing)、クライアントがそれを取り除きます。RETR は何も削除しません。削除す\
                       るのは DELE と QUIT です。メッセージを最後まで読めない場合、サーバーは終わりのドットを送らず\
                       に接続を閉じます。途中までの内容を全体と取り違えないようにするためです。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: RETR 1\n\
                   S: +OK 81 octets\n\
                   S: From: anna@example.org\n\
                   S: To: mrose@example.org\n\
                   S: Subject: Lunch\n\
                   S: \n\
                   S: At noon?\n\
                   S: Anna\n\
                   S: .",
        see_also: &["TOP", "DELE", "dot-stuffing", "multi-line", "E-49", "E-50"],
    },
    CommandLesson {
        command: "DELE",
        aliases: &[],
        takes: "メッセージ番号",
        answers: "+OK",
        text: Said {
            english: "DELE only marks a message. It cannot be retrieved any more in this session and is left out \
                      of STAT, LIST and UIDL, but it stays on disk until QUIT. RSET takes every mark back, and so \
                      does a broken connection. A careful client first stores a message safely, then says DELE for \
                      it, and believes that it is gone only after the +OK to QUIT.",
            japanese: "DELE は、メッセージに印を付けるだけです。そのセッションではもう取得できず、STAT、LIST、UIDL \
                       からも省かれますが、QUIT まではディスクに残っています。RSET を送信するか、接続が切れると、印\
                       はすべて取り消されます。慎重なクライアントは、メッセージを確実に保存してから DELE を送信し、\
                       QUIT への +OK を受け取って初めて削除されたとみなします。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\n\
                   S: +OK marked as deleted\n\
                   C: RETR 1\n\
                   S: -ERR Message 1 is marked as deleted\n\
                   C: STAT\n\
                   S: +OK 1 113",
        see_also: &["RSET", "QUIT", "UPDATE", "E-50", "E-56"],
    },
    CommandLesson {
        command: "NOOP",
        aliases: &[],
        takes: "なし",
        answers: "+OK",
        text: Said {
            english: "NOOP asks the server for nothing but an answer. A client that is busy with its own work, \
                      storing a large message for example, sends it now and then so that the server does not take \
                      it for dead: every command resets the inactivity timer, which runs for ten minutes at least. \
                      It is valid after login only.",
            japanese: "NOOP は、応答を求めるだけのコマンドです。大きなメッセージを保存しているときなど、クライアン\
                       トの作業が長引くときに、接続が途絶えたとみなされないよう、ときどき送信します。どのコマンドで\
                       も無通信タイマーは元に戻り、その時間は 10 分以上です。ログイン後だけ有効です。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: NOOP\nS: +OK nothing done",
        see_also: &["STAT", "TRANSACTION"],
    },
    CommandLesson {
        command: "RSET",
        aliases: &[],
        takes: "なし",
        answers: "+OK",
        text: Said {
            english: "RSET is the way back from DELE: all marks are gone, every message can be retrieved again, \
                      and a QUIT after it removes nothing. It does not undo anything else, and takes back all \
                      marks or none. Clients use it when something went wrong with storing the mail they had \
                      already marked.",
            japanese: "RSET は、DELE を取り消す方法です。すべての印がなくなり、どのメッセージも再び取得でき、その後\
                       に QUIT を送信しても何も削除されません。ほかのものは元に戻しません。また、印を 1 つだけ取り\
                       消すことはできません。印を付けたメールの保存に問題が起きたときなどに使います。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\n\
                   S: +OK marked as deleted\n\
                   C: RSET\n\
                   S: +OK no message is marked as deleted\n\
                   C: STAT\n\
                   S: +OK 2 194",
        see_also: &["DELE", "QUIT"],
    },
    CommandLesson {
        command: "TOP",
        aliases: &[],
        takes: "メッセージ番号と行数",
        answers: "+OK、ヘッダー、空行、本文の指定した行数、ドットだけの行",
        text: Said {
            english: "TOP shows the header of a message and as many lines of its body as the client wants, for a \
                      preview or to choose what to retrieve. Both arguments are needed. With 0 lines the header \
                      and the blank line behind it are sent; with more lines than there are, the whole message, \
                      exactly as RETR would. TOP is optional in the standard, but so many clients rely on it that \
                      Watchpost always has it.",
            japanese: "メッセージのヘッダーと、本文の先頭から指定した行数を送信します。プレビューや、取得するメッセ\
                       ージを選ぶために使います。引数は 2 つとも必要です。0 行を指定するとヘッダーと次の空行までを\
                       送信し、本文より多い行数を指定すると RETR とまったく同じ内容を送信します。標準では任意の機能\
                       ですが、多くのクライアントが必要とするため、Watchpost では常に使用できます。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: TOP 1 0\n\
                   S: +OK\n\
                   S: From: anna@example.org\n\
                   S: To: mrose@example.org\n\
                   S: Subject: Lunch\n\
                   S: \n\
                   S: .",
        see_also: &["RETR", "multi-line", "E-51"],
    },
    CommandLesson {
        command: "UIDL",
        aliases: &[],
        takes: "[メッセージ番号]",
        answers: "+OK に続けてメッセージごとに固有 ID の行。番号を指定した場合はそのメッセージの固有 ID",
        text: Said {
            english: "Message-numbers change from session to session; unique-ids do not. UIDL lists them, so that \
                      a client that leaves mail on the server knows which messages it has already seen. An id has \
                      1 to 70 printable characters without spaces, never changes, and is never given to another \
                      message of the same maildrop. Clients compare ids octet for octet and should read nothing \
                      into them. With a number the answer is one line.",
            japanese: "メッセージ番号はセッションごとに変わりますが、固有 ID は変わりません。UIDL はその一覧を返す\
                       ので、メールをサーバーに残すクライアントは、どのメッセージを取得済みか判断できます。固有 ID \
                       は、空白を含まない 1 ～ 70 文字の印字可能な文字で、決して変わらず、同じメールボックスの別の\
                       メッセージに使い回されることもありません。クライアントはオクテット単位で比較し、内容に意味を\
                       求めてはいけません。番号を指定すると、応答は 1 行だけになります。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: UIDL\n\
                   S: +OK unique-id listing follows\n\
                   S: 1 whqtswO00WBw418f9t5JxYwZ\n\
                   S: 2 QhdPYR:00WBw1Ph7x7\n\
                   S: .\n\
                   C: UIDL 2\n\
                   S: +OK 2 QhdPYR:00WBw1Ph7x7",
        see_also: &["unique-id", "LIST", "message-number"],
    },
];
