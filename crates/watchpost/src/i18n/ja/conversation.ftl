### `talk` がセッションについて説明する文です。プロトコルそのものの文は `watchpost-proto` のカタログにあります。

conversation-connected = { $host } ({ $address }) に接続しました。
conversation-protected = TLS で保護
conversation-unprotected = 平文
conversation-none = なし
conversation-clear = この接続は保護されていません。経路上の誰でも読み取りや書き換えができます。STLS で TLS を開始できます。
conversation-apop-offered = 挨拶にタイムスタンプ { $timestamp } があるので、APOP を使用できます。
conversation-apop-impossible = 挨拶にタイムスタンプがないので、APOP は使用できません。

conversation-odd-command = どの RFC にもないコマンドです。サーバーは -ERR で応答しなければなりません。
conversation-odd-state = { $verb } は { $state } 状態では使用できません。サーバーは -ERR で応答しなければなりません。
conversation-odd-second-stls = すでに TLS で保護されています。サーバーは 2 度目の STLS に -ERR で応答しなければなりません。
conversation-odd-unannounced = CAPA に { $tag } がなかったので、{ $verb } は拒否されるかもしれません。
conversation-odd-long-command = この行は CRLF を含めて { $octets } オクテットあります。255 を超える行は拒否されることがあります。
conversation-odd-long-reply = この応答は CRLF を含めて { $octets } オクテットあります。512 を超えてはいけません。
conversation-odd-line-end = この行は LF だけで終わっています。行は必ず CRLF で終わらなければなりません。
conversation-odd-control = この応答には制御文字が含まれています。応答は印字可能な文字でなければなりません。
conversation-odd-beyond-ascii = この応答には ASCII 以外の文字があります。UTF8 または LANG の後でしか許されません。
conversation-odd-status = これは応答ではありません。応答は大文字の +OK か -ERR で始まり、その後は空白か行末です。
conversation-odd-unannounced-code = 応答コードがありますが、CAPA に RESP-CODES がありませんでした。
conversation-odd-code = 応答コード { $code } は、Watchpost の知るどの RFC にもありません。
conversation-no-code = 応答コードがないので、理由は人のための文にしか書かれていません。
conversation-odd-base64 = このチャレンジは Base64 ではありません。
conversation-challenge = 復号すると: { $decoded }
conversation-challenge-empty = チャレンジは空です。次はクライアントの番であることだけを示しています。
conversation-odd-capability = { $tag } は、Watchpost の知るどの RFC にもありません。
conversation-odd-stls-offered = すでに TLS で保護されているのに、STLS が示されています。
conversation-odd-clear-sasl = 平文の接続で PLAIN か LOGIN が示されています。パスワードが経路上で読まれてしまいます。
conversation-odd-unasked = この行は、何も求めていないのに届きました。
conversation-odd-repeated = サーバーがパスワードを繰り返しました。ここでは隠していますが、サーバーのログに残っているかもしれません。
conversation-odd-unfinished = 上の行には終わりがありません。
conversation-odd-after-quit = QUIT の後もサーバーが続けています。接続を閉じるべきです。
conversation-odd-numbers = この応答には、空白 1 つで区切られた 2 つの数が必要です。
conversation-odd-listing = メッセージ番号とサイズになっていない行が { $lines } 行あります。
conversation-odd-count = STAT では { $stat } 通、この一覧では { $list } 通です。同じでなければなりません。
conversation-odd-sum = STAT では合計 { $stat } オクテット、この一覧では合計 { $list } オクテットです。
conversation-odd-double-id = 重複した固有 ID が { $messages } 個あります。クライアントは、それらを同じメッセージとみなします (RFC 1939 §7)。
conversation-odd-id = 1～70 オクテットの印字可能な文字でない固有 ID が { $messages } 個あります (RFC 1939 §7)。
conversation-odd-size = { $announced } オクテットと示されましたが、届いたのは { $octets } オクテットです。このようなメッセージを途中で切ったり拒否したりするクライアントもあります。
conversation-odd-bare = LF だけで終わる行が { $lines } 行あります。CRLF でなければなりません。

conversation-ok-user = 名前を受け取っただけです。慎重なサーバーは、ユーザーがいなくても +OK と応答します。次は PASS です。
conversation-ok-login = ログインに成功しました。メールボックスは、このセッションが終わるまでロックされます。
conversation-ok-stls = サーバーの準備ができました。この接続の次のオクテットからは TLS ハンドシェイクです。
conversation-ok-stat = { $messages ->
    [0] メッセージはありません。
   *[other] { $messages } 通のメッセージがあり、合計 { $octets } オクテットです。
}
conversation-ok-list-one = メッセージ { $number } は { $octets } オクテットです。
conversation-ok-list = { $messages ->
    [0] メッセージはありません。
   *[other] { $messages } 通のメッセージがあり、合計 { $octets } オクテットです。
}
conversation-ok-uidl-one = メッセージ { $number } の固有 ID です。番号が変わっても、固有 ID はどのセッションでも同じです。
conversation-ok-uidl = { $messages } 個の固有 ID です。クライアントは、これを記録して新しいメールを見分けます。
conversation-ok-dele = メッセージ { $number } に印が付きましたが、まだ残っています。削除されるのは QUIT のときだけで、RSET で印を取り消せます。
conversation-ok-rset = 印の付いたメッセージはなくなりました。
conversation-ok-quit = サーバーは別れを告げ、接続を閉じます。
conversation-ok-quit-removed = 印の付いた { $messages } 通のメッセージが完全に削除されました。サーバーは接続を閉じます。
conversation-ok-lines = { $lines } 行と、終わりを示すドットだけの行です。
conversation-ok-retr = { $lines } 行、{ $octets } オクテットと、終わりを示すドットだけの行です。メッセージはサーバーに残ります。
conversation-update-failed = 印の付いたメッセージの一部が削除されませんでした。残ったものは次のセッションで再び現れます。
conversation-folded = … ほかに { $lines } 行、{ $octets } オクテット。`full` と入力すると、以後は全体を表示します。
conversation-stuffed = 内容のうちドットで始まる { $lines } 行は、ドットを 1 つ加えて送信されました (dot-stuffing、RFC 1939 §3)。
conversation-ask-again = TLS の前にサーバーが述べたことは無効です。CAPA をもう一度送信してください (RFC 2595 §4)。

conversation-tls = { $version }、{ $resumed }
conversation-tls-full = 完全なハンドシェイク
conversation-tls-retried = 2 回に分けた完全なハンドシェイク (サーバーが別の鍵交換を求めました)
conversation-tls-resumed = 以前のセッションから再開
conversation-tls-suite = 暗号スイート { $suite }: 暗号化と改ざん防止の方式です。
conversation-tls-group = 鍵交換 { $group }: このセッションだけの鍵を双方で作りました。
conversation-tls-hybrid = 鍵交換 { $group }: このセッションだけの鍵で、将来の量子コンピューターでも求められません。
conversation-tls-sni = 送信したサーバー名 (SNI): { $sni }
conversation-tls-alpn = アプリケーション プロトコル (ALPN、こちらは pop3 を提示): { $alpn }
conversation-tls-certificate = 証明書 { $place }: { $subject }、発行者 { $issuer }、有効期間 { $from } ～ { $until }、鍵 { $key }、対象 { $names }
conversation-tls-pin = 鍵の pin ([[fetch]] アカウントの `pin` に指定できる形): { $pin }
conversation-tls-believed = 証明書は信頼できます。有効期間内で、この名前のもので、信頼された発行者が署名しています。
conversation-no-tls = この接続は保護されていません。STLS で TLS を開始できます。
conversation-trouble-expired = 証明書の有効期間は { $until } に終わりました。
conversation-trouble-not-yet = 証明書は { $from } まで有効になりません。
conversation-trouble-name = 証明書は { $wanted } のものではありません。対象: { $has }
conversation-trouble-self-signed = 証明書は自己署名です。誰のものかを保証する、信頼された第三者がいません。--ca FILE を指定すると信頼します。
conversation-trouble-issuer = 証明書は信頼された発行者に署名されていません。発行者: { $issuer }
conversation-trouble-other = 証明書を信頼できません: { $cause }
conversation-insecure = --insecure が指定されたので続行します。経路上の誰かが間に入っているかもしれません。
conversation-confirm-certificate = このセッションに限って続行しますか。続行するには yes と入力してください:{" "}
conversation-injected = STLS への応答の後ろに、平文の { $octets } オクテットが付いていました。経路上の誰かが、TLS の中でのサーバーの言葉に見せかけようとしているのかもしれません (RFC 2595 §4)。

conversation-clear-network = 次の行には秘密が含まれますが、接続が保護されていないので、経路上の誰でも読み取れます。STLS で保護できます。
conversation-clear-loopback = 次の行には秘密が含まれますが、接続が保護されていません。サーバーはこのマシン自身なので、ネットワークは通りません。
conversation-confirm = このセッションに限って平文で送信しますか。送信するには yes と入力してください:{" "}
conversation-not-sent = 何も送信しませんでした。
conversation-password-prompt = パスワード (表示されません):{" "}
conversation-password-none = パスワードが入力されなかったので、何も送信しませんでした。
conversation-interrupted = 何も送信しませんでした。QUIT で正しく終了し、Ctrl-D で QUIT なしに終了します。
conversation-left = QUIT を送信せずに接続を閉じました。何も削除されていません。
conversation-left-marked = QUIT を送信せずに接続を閉じました。印の付いた { $messages } 通のメッセージは残ります。
conversation-full-on = 以後は応答の全体を表示します。
conversation-full-off = 以後は長い応答を途中まで表示します。
conversation-help =
    {"  "}入力した行はそのままサーバーに送信されます。次のものは例外です。
    {"  "}login 名前 [方式]  サーバーの示す最も良い方式、または指定した方式でログインします。
    {"  "}explain [語]       解説を表示します (explain RETR、explain UPDATE など)。
    {"  "}tls                TLS で取り決めた内容をもう一度表示します。
    {"  "}full               長い応答の全体表示を切り替えます。
    {"  "}raw 行             上のコマンドと同じ行でも、サーバーに送信します。
    {"  "}PASS               引数なしの場合、画面に表示せずにパスワードを尋ねます。
    {"  "}Tab で、いま使用できるものを補完します。Ctrl-C で行を取り消し、Ctrl-D で QUIT を
    {"  "}送信せずに終了します (何も削除されません)。

conversation-login-already = すでにログインしています。
conversation-login-name = 名前を指定してください: login 名前 [方式]
conversation-login-unknown = その方式はありません。使用できる方式: { $methods }
conversation-login-asks = サーバーの対応している機能がまだ分からないので、先に CAPA を送信します。
conversation-login-nothing = ここで使用できるログイン方式をサーバーが示していません。TLS を開始すると増えるかもしれません。
conversation-login-chosen = サーバーの示す方式のうち、最も良いのは { $method } です。
conversation-login-named = 指定された { $method } を使用します。
conversation-login-unbound = チャネル バインディングには、それに使用できる証明書を持つ TLS が必要です。
conversation-method-scram-plus = SCRAM は、双方がパスワードを知っていることを、見せずに証明します。さらにこの TLS 接続に結び付けるので、中継できません (RFC 5802、RFC 7677)。
conversation-method-scram = SCRAM は、双方がパスワードを知っていることを、見せずに証明します (RFC 5802、RFC 7677)。
conversation-method-external = EXTERNAL は名前だけを伝えます。クライアントの TLS 証明書が証明になります (RFC 4422 付録 A)。
conversation-method-bearer = パスワードの代わりにベアラー トークンを使用します。期限が切れるまで、持っている者は誰でも入れます (RFC 7628)。
conversation-method-plain = PLAIN は名前とパスワードを Base64 の 1 行で送信します。Base64 では何も隠せないので、TLS が必要です (RFC 4616)。
conversation-method-login = LOGIN は名前とパスワードを順に Base64 で送信します。Base64 では何も隠せません。標準化されていない方式です。
conversation-method-user = USER と PASS は名前とパスワードをそのまま送信します。隠すには TLS が必要です (RFC 1939 §7)。
conversation-method-cram = CRAM-MD5 はパスワードの代わりにダイジェストを送信します。読み取った者は、手元でパスワードを試せます (RFC 2195)。
conversation-method-apop = APOP は挨拶のタイムスタンプとパスワードのダイジェストを送信します。読み取った者は手元でパスワードを試せますし、MD5 は弱い方式です (RFC 1939 §7、RFC 6151)。
conversation-sasl-says = 復号すると、この行の内容は: { $said }
conversation-sasl-nothing = (空)
conversation-sasl-given-up = * (このチャレンジへの答えがないので、やり取りを中止します)
conversation-sasl-proved = サーバーもパスワードを知っていることを証明しました。別の者が代わりに応答しているのではありません。

error-talk-file = { $path } を読み込めません: { $cause }
error-talk-password = パスワードが空か、制御文字を含んでいます。ファイルの 1 行目に書いてください。
error-talk-no-password = パスワードを尋ねる端末がありません。--password-file FILE か環境変数 WATCHPOST_PASSWORD で指定してください。
error-talk-clear = 次の行には秘密が含まれますが、接続が保護されていないので、送信しませんでした。先に STLS で TLS を開始するか、--allow-clear で許可してください。
error-talk-no-stls = サーバーが TLS を開始しないので、終了します。--stls を指定しなければ平文で続行します。
error-talk-certificate = 証明書を信頼できないので、何も送信せずに終了します。--ca FILE で発行者を信頼するか、--insecure で続行できます。
error-talk-injected = STLS の後ろに付いていたものは信用できないので、終了します。
error-talk-turned-away = サーバーに接続を断られました。
error-talk-unproved = サーバーは、パスワードを知っていることを証明せずに +OK と応答しました。別の者かもしれないので、終了します。
error-talk-unmet = スクリプトの { $line } 行目は "{ $expected }" を期待しましたが、届いたのは "{ $came }" です。
error-talk-closed = サーバーが接続を閉じました。
error-talk-silent = サーバーから { $seconds } 秒間応答がなかったので、終了します。--timeout で待ち時間を延ばせます。
error-talk-endless = 応答に終わりがありません。1 行または 1 つの応答として読み取る上限を超えたので、終了します。
error-talk-broken = 接続が切れました: { $cause }
error-talk-interrupted = 中断しました。QUIT を送信せずに接続を閉じたので、何も削除されていません。
