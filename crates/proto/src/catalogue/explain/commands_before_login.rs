//! Commands of the AUTHORIZATION state, and those of both states.

use super::{CommandLesson, Said, Scene};

pub(super) const BEFORE_LOGIN: &[CommandLesson] = &[
    CommandLesson {
        command: "CAPA",
        aliases: &[],
        takes: "なし",
        answers: "+OK、拡張機能ごとに 1 行、ドットだけの行",
        text: Said {
            english: "RFC 1939 leaves many things optional; CAPA lets a client ask before it tries. It may be sent \
                      before and after login, and the answer is worked out anew each time, because it depends on \
                      what protects the connection: USER and SASL are listed only where a password would be \
                      accepted now, STLS only where TLS can begin. A client should ask again after STLS, since an \
                      answer heard in clear text may have been changed on the way. An -ERR to CAPA is no failure: \
                      it comes from an old server without extensions.",
            japanese: "RFC 1939 では多くの機能が任意とされています。CAPA を使うと、クライアントは試す前に何が使える\
                       かを確認できます。ログインの前でも後でも送信でき、応答はそのつど作り直されます。接続の保護の\
                       状態によって内容が変わるためで、USER と SASL は今パスワードを受け付けられるときだけ、STLS は \
                       TLS を開始できるときだけ示されます。平文で受け取った応答は途中で書き換えられている可能性があ\
                       るので、STLS の後にもう一度確認してください。CAPA への -ERR は、拡張機能のない古いサーバーか\
                       らの応答であり、異常ではありません。",
        },
        scene: Scene::Tls,
        dialogue: "C: CAPA\n\
                   S: +OK Capability list follows\n\
                   S: TOP\n\
                   S: UIDL\n\
                   S: USER\n\
                   S: SASL PLAIN LOGIN\n\
                   S: RESP-CODES\n\
                   S: …\n\
                   S: .",
        see_also: &["AUTH", "STLS", "RESP-CODES", "capability"],
    },
    CommandLesson {
        command: "STLS",
        aliases: &[],
        takes: "なし",
        answers: "+OK に続けて TLS ハンドシェイク。TLS が有効な場合や利用できない場合は -ERR",
        text: Said {
            english: "On port 110 a connection begins in clear text; STLS protects the rest of it, passwords above \
                      all. The handshake begins right behind the line end of the +OK, no second greeting follows, \
                      and the session is in the AUTHORIZATION state as before. The server forgets a USER or LANG \
                      that it heard in clear text. A client must send nothing between STLS and the handshake: \
                      Watchpost closes the connection without a reply when anything stands there, because an \
                      attacker could otherwise slip in commands that are obeyed inside TLS. When the handshake \
                      fails, the connection ends; there is no way back to clear text.",
            japanese: "ポート 110 の接続は平文で始まります。STLS は、それ以降の通信、とりわけパスワードを保護するた\
                       めのコマンドです。+OK の行末の直後にハンドシェイクが始まり、挨拶は繰り返されず、セッションは \
                       AUTHORIZATION 状態のままです。平文で受け取った USER や LANG の内容は忘れられます。STLS とハ\
                       ンドシェイクの間に、クライアントは何も送信してはいけません。そこに何かがあると、Watchpost は\
                       応答せずに接続を閉じます。攻撃者が紛れ込ませたコマンドが TLS の中で実行されるのを防ぐためで\
                       す。ハンドシェイクに失敗すると接続は終了し、平文には戻りません。",
        },
        scene: Scene::Clear,
        dialogue: "C: STLS\nS: +OK begin TLS negotiation\n   <TLS handshake>\nC: USER mrose\nS: +OK send PASS",
        see_also: &["POP3S", "E-42", "E-43", "CAPA"],
    },
    CommandLesson {
        command: "USER",
        aliases: &[],
        takes: "ユーザー名",
        answers: "形式が正しければ、どの名前にも +OK",
        text: Said {
            english: "The first half of the classic login. The server answers +OK to every well-formed name, \
                      whether there is such a user or not, so that nobody can find out names by asking. The name \
                      counts for the very next command alone: if that is not PASS, the client must begin again \
                      with USER, and a second USER replaces the first. Without TLS the server refuses at once, \
                      before the client gives its password away.",
            japanese: "従来からあるログインの前半です。形式が正しければ、そのユーザーが存在するかどうかにかかわらず \
                       +OK を返します。名前を試して存在を調べられないようにするためです。名前が有効なのは直後のコマ\
                       ンドに対してだけで、それが PASS でなければ USER からやり直しです。USER を 2 回送信すると、後\
                       の名前に置き換わります。TLS で保護されていない接続では、パスワードが送信される前に、ここで拒\
                       否します。",
        },
        scene: Scene::Tls,
        dialogue: "C: USER mrose\nS: +OK send PASS\nC: PASS tanstaaf\nS: +OK maildrop has 2 messages (194 octets)",
        see_also: &["PASS", "AUTH", "E-17", "E-09"],
    },
    CommandLesson {
        command: "PASS",
        aliases: &[],
        takes: "パスワード (空白も含む)",
        answers: "+OK で TRANSACTION 状態に移る。失敗時は -ERR [AUTH]、[IN-USE]、[LOGIN-DELAY]",
        text: Said {
            english: "The second half of the classic login. Everything behind the first space up to the line end \
                      is the password, further spaces included. The server checks the credentials, then locks the \
                      maildrop and numbers its messages; only when all of that has worked does it answer +OK. A \
                      wrong password and an unknown user get the same answer, [AUTH], and the client must begin \
                      again with USER. [IN-USE] means that the password was right, but another session holds the \
                      maildrop. After three failures the server closes the connection.",
            japanese: "従来からあるログインの後半です。最初の空白の後から行末までのすべてがパスワードになり、途中の\
                       空白も含まれます。サーバーは認証し、メールボックスをロックし、メッセージに番号を付け、そのす\
                       べてに成功してから +OK を返します。パスワードの誤りと存在しないユーザーには同じ [AUTH] を返\
                       し、クライアントは USER からやり直します。[IN-USE] は、パスワードは正しいものの、別のセッシ\
                       ョンがメールボックスを使用中であることを示します。3 回失敗すると、サーバーは接続を閉じます。",
        },
        scene: Scene::Tls,
        dialogue: "C: USER mrose\n\
                   S: +OK send PASS\n\
                   C: PASS wrong\n\
                   S: -ERR [AUTH] Authentication failed\n\
                   C: USER mrose\n\
                   S: +OK send PASS\n\
                   C: PASS tanstaaf\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["USER", "AUTH", "[AUTH]", "[IN-USE]", "TRANSACTION"],
    },
    CommandLesson {
        command: "APOP",
        aliases: &[],
        takes: "ユーザー名とダイジェスト",
        answers: "PASS と同じ",
        text: Said {
            english: "APOP proves knowledge of a secret without sending it: the digest is the MD5 of the \
                      greeting's timestamp, brackets included, followed by the secret, in 32 lower-case \
                      hexadecimal digits. Since the timestamp is new for each connection, a digest that somebody \
                      overheard opens nothing later. MD5 has been broken since, a man in the middle can recover \
                      the secret piece by piece, and the server must keep it in a readable form. APOP is therefore \
                      off unless an operator asks for it; TLS with PASS or AUTH is the better answer.",
            japanese: "APOP は、秘密そのものを送らずに、それを知っていることを証明します。ダイジェストは、挨拶のタ\
                       イムスタンプ (山かっこを含む) の後に秘密をつなげたものの MD5 で、小文字の 16 進数 32 桁です\
                       。タイムスタンプは接続ごとに新しくなるので、盗み聞きしたダイジェストを後で使うことはできませ\
                       ん。ただし MD5 はすでに破られており、中間者は秘密を少しずつ割り出せます。サーバーは秘密を読\
                       める形で保管する必要もあります。そのため APOP は、管理者が有効にしない限り無効です。TLS と \
                       PASS または AUTH の組み合わせをお勧めします。",
        },
        scene: Scene::Apop,
        dialogue: "S: +OK Watchpost ready <6f1c0b5a94d84e0fb27d3c65a1e8f903@mail.example.org>\n\
                   C: APOP mrose d5b88f09d34898cb7d5c90e2ba355a11\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["APOP timestamp", "AUTH", "E-29", "E-30"],
    },
    CommandLesson {
        command: "AUTH",
        aliases: &["bare AUTH", "AUTH alone", "SASL exchange"],
        takes: "[認証方式 [初期応答]]",
        answers: "認証方式に応じて + とチャレンジを繰り返し、その後は PASS と同じ。引数なしの場合は認証方式ごとに \
                  1 行",
        text: Said {
            english: "AUTH lets client and server agree on a login mechanism, so that new ones need no new \
                      command. The two sides exchange lines of base64: the server's begin with + and a space, the \
                      client's are bare, and a lone * cancels. While the exchange lasts every line is data, even \
                      one that reads QUIT. A client that speaks first may put its data behind the mechanism as the \
                      initial response; = stands for empty data. Bare AUTH, without a mechanism, is an old way to \
                      list the mechanisms and is still used by some clients; SASL in CAPA says the same.",
            japanese: "AUTH を使うと、クライアントとサーバーは認証方式を選んでログインできます。新しい方式のために\
                       新しいコマンドを作る必要はありません。両者は Base64 の行をやり取りします。サーバーの行は + \
                       と空白で始まり、クライアントの行には何も付かず、* だけの行で中止します。やり取りの間は、\
                       QUIT と読める行であってもデータとして扱われます。先に話す方式では、認証方式の後に初期応答と\
                       してデータを書くことができ、= は空のデータを表します。引数のない AUTH は認証方式の一覧を得る\
                       古い方法で、今も一部のクライアントが使っています。CAPA の SASL にも同じ内容が示されます。",
        },
        scene: Scene::Tls,
        dialogue: "C: AUTH\n\
                   S: +OK mechanisms follow\n\
                   S: PLAIN\n\
                   S: LOGIN\n\
                   S: .\n\
                   C: AUTH PLAIN\n\
                   S: + \n\
                   C: AG1yb3NlAHRhbnN0YWFm\n\
                   S: +OK maildrop has 2 messages (194 octets)",
        see_also: &["SASL", "SASL PLAIN", "SASL LOGIN", "+", "E-19", "E-22"],
    },
    CommandLesson {
        command: "UTF8",
        aliases: &[],
        takes: "なし",
        answers: "+OK",
        text: Said {
            english: "Some messages carry UTF-8 in their headers, addresses included. A client that says UTF8 \
                      before login tells the server that it can read them as they are, and gets every message as \
                      it is stored. Without UTF8 the server sends such a message with its header rewritten in \
                      ASCII (a surrogate), and LIST tells the size of that; the stored message stays as it is. The \
                      command may be given before login only, and STLS has to come first.",
            japanese: "ヘッダーやメール アドレスに UTF-8 を含むメッセージがあります。ログインの前に UTF8 を送信した\
                       クライアントは、それらをそのまま読めることをサーバーに伝え、どのメッセージも保存されたまま受\
                       け取ります。UTF8 を送信しない場合、サーバーはヘッダーを ASCII に書き換えたもの (代替メッセー\
                       ジ) を送信し、LIST のサイズもそれに合わせます。保存されたメッセージは変わりません。このコマ\
                       ンドはログイン前だけ有効で、STLS は先に済ませておく必要があります。",
        },
        scene: Scene::Tls,
        dialogue: "C: UTF8\nS: +OK UTF8 mode enabled",
        see_also: &["UTF8", "LANG", "E-45", "E-55", "[UTF8]"],
    },
    CommandLesson {
        command: "LANG",
        aliases: &[],
        takes: "[言語の範囲]",
        answers: "+OK と言語。引数なしの場合は言語ごとに 1 行",
        text: Said {
            english: "The texts behind +OK and -ERR are for people, and LANG chooses their language: Watchpost has \
                      English (en) and Japanese (ja). A range such as ja-JP finds ja, and * asks for the server's \
                      default. The reply is already in the new language. Codes, numbers and keywords are never \
                      translated, so programs may go on reading them. If nothing fits, the language stays as it \
                      was.",
            japanese: "+OK や -ERR に続く文は人のためのもので、LANG でその言語を選べます。Watchpost には英語 (en) \
                       と日本語 (ja) があります。ja-JP のような範囲を指定すると ja が選ばれ、* を指定するとサーバー\
                       の既定の言語になります。応答は、すでに新しい言語で書かれています。応答コード、数値、キーワー\
                       ドは翻訳されないため、プログラムの読み取りには影響しません。該当する言語がなければ、元の言語\
                       のままです。",
        },
        scene: Scene::Tls,
        dialogue: "C: LANG ja\n\
                   S: +OK ja 言語を日本語に変更しました。\n\
                   C: LANG\n\
                   S: +OK 言語の一覧を送信します。\n\
                   S: en English\n\
                   S: ja 日本語\n\
                   S: .",
        see_also: &["E-46", "E-47", "UTF8"],
    },
    CommandLesson {
        command: "XCLIENT",
        aliases: &[],
        takes: "KEY=value …",
        answers: "+OK",
        text: Said {
            english: "Behind a proxy every connection seems to come from the proxy. With XCLIENT a proxy that the \
                      operator trusts says where the client really is, so that limits, bans and logs name the \
                      right address. It belongs to no standard. The greeting shows [XCLIENT] to trusted peers \
                      alone, and whoever else sends it is refused, because a forged address would defeat every \
                      limit. A server that was not told to trust a proxy answers as to any unknown command.",
            japanese: "プロキシの背後では、どの接続もプロキシから来たように見えます。XCLIENT を使うと、管理者が信頼\
                       するプロキシがクライアントの本当のアドレスを伝えられるため、制限や遮断やログが正しいアドレス\
                       に対して働きます。標準規格の一部ではありません。信頼された相手への挨拶にだけ [XCLIENT] が示\
                       され、それ以外の相手からの XCLIENT は拒否されます。偽のアドレスを許すと、あらゆる制限が無意\
                       味になるためです。プロキシを信頼するように設定されていないサーバーは、不明なコマンドとして応\
                       答します。",
        },
        scene: Scene::Told,
        dialogue: "S: +OK [XCLIENT] Watchpost ready\nC: XCLIENT ADDR=192.0.2.7 PORT=40210\nS: +OK",
        see_also: &["E-59", "E-60", "E-61"],
    },
    CommandLesson {
        command: "QUIT",
        aliases: &[],
        takes: "なし",
        answers: "+OK を返して終了。ログイン後は先に UPDATE 状態に入り、印の付いたメッセージをすべて削除できなけれ\
                  ば -ERR [SYS/…]",
        text: Said {
            english: "The proper end of a session, and the only moment at which mail is removed. Before login QUIT \
                      just says goodbye. After login the session enters the UPDATE state: the server removes every \
                      message marked by DELE, and answers +OK only when that is durable on disk. An -ERR says that \
                      some messages are still there; a client should look at UIDL next time. When a connection \
                      breaks without QUIT, nothing is removed at all.",
            japanese: "セッションの正しい終わり方であり、メールが実際に削除される唯一の時点です。ログイン前の QUIT \
                       は、単に終了します。ログイン後は UPDATE 状態に入り、DELE で印を付けたメッセージをすべて削除\
                       し、それがディスクに確実に記録されてから +OK を返します。-ERR は、一部のメッセージが残ってい\
                       ることを示します。その場合、クライアントは次回に UIDL で確認してください。QUIT なしで接続が\
                       切れたときは、何も削除されません。",
        },
        scene: Scene::LoggedIn,
        dialogue: "C: DELE 1\nS: +OK marked as deleted\nC: QUIT\nS: +OK bye, marked messages removed",
        see_also: &["UPDATE", "DELE", "E-57", "E-58"],
    },
];
