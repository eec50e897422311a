# ジャーナルを読むコマンドが表示する文。

## エラー

error-no-journal =
    { $path } にはまだジャーナルがありません。
    ジャーナルはサーバーが書き込みます。サーバーを起動するか、--config で設定ファイルを指定してください (読み込んだ設定: { $config })。
error-foreign-journal =
    { $path } は Watchpost のジャーナルではありません。
    { $config } の [observatory] にある `journal` を確認してください。
error-damaged-journal =
    ジャーナル { $path } が壊れています: { $cause }
    サーバーは破損を見つけると、このファイルを別の名前で残し、新しいジャーナルを始めます。何も削除されません。
error-unreadable-journal =
    ジャーナル { $path } を読み取れません: { $cause }
    サーバーを動かしているユーザーで実行するか、読み取りの権限を与えてください。
error-no-moment =
    「{ $text }」は時刻として解釈できません。
    24h、7d、20:00、today、yesterday-20:00、2026-11-23、2026-11-23T20:00 のように書いてください。
error-empty-span = { $since } から { $until } までの間に時間がありません。--since には --until より前の時刻を指定してください。
error-no-network =
    「{ $text }」はアドレスでもネットワークでもありません: { $cause }
    203.0.113.9、203.0.113.0/24、2001:db8::/32 のように書いてください。
error-no-session-name =
    「{ $id }」はセッション名の先頭ではありません。8 桁から 32 桁の 16 進数で指定してください。
    一覧は `watchpost sessions` で表示できます。
error-no-session =
    セッション { $id } はジャーナルにありません。保存期間を過ぎた可能性があります。
    一覧は `watchpost sessions` で表示できます。
error-many-sessions = { $id } で始まるセッションが { $count } 件あります。桁を増やして指定してください。
error-no-campaign =
    キャンペーン { $id } はジャーナルにありません。
    記録されているものは `watchpost report --since 7d` で確認できます。
error-no-rule =
    「{ $rule }」というルールはありません。
    一覧は `watchpost rules list` で表示できます。すべてのルールは `all` で指定します。
error-no-secret =
    { $path } にあるジャーナルの鍵を読み取れません: { $cause }
    鍵がないと、当時と同じ判定を再現できません。サーバーを動かしているユーザーで実行してください。
error-lists = リストまたはデータベース { $path } を読み取れません: { $cause }

## ことば

talk-severity-info = 情報
talk-severity-low = 低
talk-severity-medium = 中
talk-severity-high = 高
talk-severity-critical = 重大
talk-sure-low = 不確か
talk-sure-medium = おそらく
talk-sure-high = ほぼ確実
talk-sure-certain = 確実
talk-answer-none = なし
talk-answer-tarpit = 応答を遅延
talk-answer-throttle = 回数を制限
talk-answer-keyhole = 遮断 (所有者は可)
talk-answer-ban = 遮断
talk-answer-gate = ツールを拒否


## report

talk-report-quiet = 接続はありませんでした。
talk-report-no-guesses =
    推測による試行はありませんでした。{ $sources } 個のアドレスから { $sessions } 件の接続があり、{ $logins } 件のログインが成功しました。
talk-report-nobody-in =
    第三者の侵入はありませんでした。{ $names } 個の名前 (うち実在するもの { $existing } 個) に対して { $guesses } 回の推測がありましたが、どれも失敗しました。
talk-report-somebody-in =
    { $entered } 個のアカウントに第三者が侵入した可能性があります。下を確認してください。{ $names } 個の名前に対して { $guesses } 回の推測がありました。
talk-report-totals =
    接続 { $sessions } 件 · アドレス { $sources } 個 · 推測 { $guesses } 回 · ログイン { $logins } 件 · 遮断の対象 { $banned } 件 · { $octets } · 継続中 { $open } 件
talk-report-lost = ディスクまたはキューが一杯で { $lost } 件のイベントが失われました。実際の数はこれより多くなります。
talk-report-peak = 最も多い時間帯 { $at } から: { $count } 件
talk-report-worst = 深刻さ
talk-report-what = 内容
talk-report-who = 相手
talk-report-sure = 確度
talk-report-answer = 想定する対応
talk-report-and-others = { $one } ほか { $others } 件
talk-report-needs-you = 確認が必要なもの:
talk-report-more = … ほか { $count } 件
talk-report-guessers = 推測の多い相手 (回数、アドレス):
talk-report-tls = TLS:
talk-report-no-tls = なし
talk-report-lists = アドレスのリスト:
talk-report-next = →
talk-report-written = 書き込みました: { $path }
talk-report-title = Watchpost レポート
talk-report-what-happened = 何があったか
talk-report-when = 時間帯
talk-report-tls-clients = TLS とクライアント (JA4)
talk-report-look = 詳しく見るには (ターミナルで)
talk-report-made = Watchpost { $version } が書き出しました。このページは外部から何も読み込みません。

## sessions

talk-sessions-none = 条件に合うセッションはありません。
talk-sessions-more = 新しい順に { $count } 件を表示しました。--limit で件数を増やせます。
talk-sessions-id = セッション
talk-sessions-begun = 開始
talk-sessions-took = 秒数
talk-sessions-from = 接続元
talk-sessions-to = 接続先
talk-sessions-tls = TLS
talk-sessions-account = アカウント
talk-sessions-logins = 成功/失敗
talk-sessions-ended = 終わり方
talk-sessions-worst = 判定
talk-sessions-count = 件数
talk-sessions-by = 内容

## session

talk-session-time = 時刻
talk-session-client = クライアント
talk-session-server = サーバー
talk-session-meaning = 意味
talk-session-more = … ほか { $count } 行。--explain ですべて表示します
talk-session-unrecorded = このほかに { $count } 件のイベントがありましたが、多すぎるため記録していません。
talk-session-verdicts = ルールによる判定:
talk-session-no-false-alarm = 誤検知ではない理由: { $why }
talk-session-normal = 普通のメールソフトとの違い:

talk-step-separator = 、
talk-step-opened = TCP 接続
talk-step-opened-pop3s = 最初から TLS で話すポートへの接続 (RFC 8314 §3.1)
talk-step-opened-pop3 = 平文で始まるポートへの接続。先にサーバーが応答文を送る (RFC 1939 §4)
talk-step-hello = ClientHello
talk-step-hello-name = ClientHello ({ $name } あて)
talk-step-hello-means = TLS の開始を求め、目的のサーバー名を伝えている (RFC 6066 §3)
talk-step-hello-nameless = TLS の開始を求めているが、サーバー名がない。メールソフトなら送るので、スクリプトの類と考えられる
talk-step-tls = 鍵が決まった。ここから先は経路上の誰にも読めない (RFC 8446 §2)
talk-step-tls-resumed = 以前の TLS セッションを再開した (RFC 8446 §2.2)。ここから先は誰にも読めない
talk-step-tls-failed = TLS 失敗
talk-step-tls-alert = クライアントがアラート { $alert } で拒否した (RFC 8446 §6.2)。証明書を信頼していない場合などに起きる
talk-step-tls-version = 今日安全とされる TLS のバージョンを提案していない
talk-step-tls-nothing = 共通の暗号スイート、鍵交換グループ、署名方式がない
talk-step-tls-alpn = TLS の中で POP3 以外のプロトコルを話そうとしている
talk-step-tls-not = 届いたのは TLS ではない
talk-step-tls-closed = クライアントが接続を切った
talk-step-tls-timeout = 時間がかかりすぎた
talk-step-tls-other = ハンドシェイクに失敗した
talk-step-clear-pop3 = TLS で始めるべきところに平文の POP3。クライアントの設定が別のポート用になっている
talk-step-foreign = POP3 ではなく { $language } である
talk-step-notice = 検知
talk-step-unknown = POP3 のコマンドではない
talk-step-data = サーバーの問いかけへの返答
talk-step-message = メッセージ { $number }、{ $octets } オクテット
talk-step-octets = { $octets } オクテット
talk-step-login = ログイン
talk-step-login-accepted = パスワードが正しく、メールボックスが開かれた (RFC 1939 §5)
talk-step-login-refused = 名前またはパスワードが違う
talk-step-login-disabled = パスワードは正しいが、アカウントは無効にされている
talk-step-login-as-another = パスワードは正しいが、別の利用者として動こうとしている
talk-step-login-in-use = パスワードは正しいが、別のセッションがメールボックスを使っている
talk-step-login-unavailable = サーバー側の障害でログインを完了できなかった
talk-step-guess = 試行 { $number }
talk-step-account-known = アカウントは実在する
talk-step-account-unknown = そのようなアカウントはない
talk-step-password = パスワードは { $length } オクテット
talk-step-password-common = よく使われるもの
talk-step-password-default = 機器の初期値、または名前から作ったもの
talk-step-password-repeat = 前と同じもの
talk-step-previous = 古いパスワード
talk-step-previous-means = 所有者が変更するまでは正しかったパスワード。流出したか、端末に残っている
talk-step-closed = 終了

talk-notice-behind-stls = STLS の後ろに平文で { $octets } オクテットが届いた。TLS の中で実行させようとしている
talk-notice-hello-behind-stls = STLS への応答を待たずに TLS のハンドシェイクが始まった
talk-notice-foreign = クライアントは POP3 を話していない
talk-notice-line-too-long = 行が許される長さを超えた (RFC 2449 §4)
talk-notice-bad-commands = 誤ったコマンドが続きすぎた
talk-notice-failed-logins = ログインの失敗が多すぎた
talk-notice-idle = 長い間コマンドがなかった
talk-notice-login-timeout = 長い間ログインしなかった

talk-ending-quit = QUIT に応答し、すべて完了した (RFC 1939 §6)
talk-ending-limit = 制限に達したため、サーバーが接続を閉じた
talk-ending-dropped = サーバーが何も言わずに接続を閉じた
talk-ending-peer-closed = クライアントが QUIT なしで接続を閉じた。何も削除されていない
talk-ending-broken = 接続が切れた、またはクライアントが長い間受け取らなかった
talk-ending-timeout = クライアントが長い間何も言わなかった
talk-ending-handshake-failed = TLS が成立せず、セッションは始まらなかった
talk-ending-read-failed = メッセージを最後まで読み取れなかった
talk-ending-shutdown = サーバーが停止するところだった
talk-ending-refused = 接続が多すぎた

talk-normal-foreign = POP3 で話します。
talk-normal-server-name = ClientHello にサーバー名 (SNI) を入れます。
talk-normal-tls = パスワードを送る前に STLS で TLS を始めます。
talk-normal-passwords = 設定されたパスワードを一度試し、だめなら利用者に尋ねます。次々に試すことはありません。
talk-normal-line-end = 行を CR LF で終えます (RFC 1939 §3)。
talk-normal-commands = POP3 のコマンドだけを使います。
talk-normal-quit = QUIT を送り、応答を待ちます。
talk-normal-silent = 応答文を見るだけでなく、ログインします。

## account

talk-account-nothing = この期間に { $name } を試した人はいません。
talk-account-exists = { $name } は実在するアカウントです。
talk-account-unknown = { $name } というアカウントはありませんが、試した人がいます。
talk-account-last-login = 最後のログインは { $at }、接続元は { $source } です。
talk-account-guesses = { $strangers } 個の見知らぬアドレスから { $guesses } 回の推測があり、すべて失敗しました。
talk-account-stranger-in = ! { $at }、{ $source } から、いつもと違う場所でログインがありました。そこからの誤ったパスワードは { $guesses } 回です。心当たりがなければ、パスワードを変更してください。
talk-account-typos = 所有者がいつもログインする場所からも、誤ったパスワードが { $typos } 回ありました。
talk-account-on-lists = 試されたパスワードのうち { $lists } 回分は、公開されている一覧に載っているものでした。この所有者だけを狙ったものではありません。
talk-account-homes = いつもの接続元は { $homes } です。
talk-account-change-password = { $at }  パスワードが変更されました。それまでの接続元は信頼されなくなりました。
talk-account-change-disabled = { $at }  アカウントが無効にされました。それまでの接続元は信頼されなくなりました。
talk-account-change-enabled = { $at }  アカウントが再び有効にされました。
talk-account-change-removed = { $at }  アカウントが削除され、学習した内容も消去されました。
talk-account-previous =
    ! { $at }、{ $source } から、変更前の古いパスワードが試されました。どこかに漏れています。現在のパスワードへの影響はありません。
talk-account-guessed = 推測
talk-account-repeats = 繰り返し
talk-account-logins = ログイン
talk-account-last = 最後
talk-account-from = 接続元

## campaign

talk-campaign = キャンペーン { $id }: アドレス { $addresses } 個、推測 { $guesses } 回、{ $first } から { $last } まで。
talk-campaign-tools = 話し方:
talk-campaign-addresses = アドレス (セッション数):

## rules

talk-rules-id = ルール
talk-rules-severity = 深刻さ
talk-rules-name = 内容
talk-rules-techniques = ATT&CK
talk-replay = ジャーナルを判定し直すと { $verdicts } 件の判定になり、うち { $severe } 件が「高」または「重大」です。{ $same } 件は保存されている判定と同じです。+ は新しい判定です。
talk-rules-off = オフ
talk-rules-numbers = 適用中の値です。* は設定ファイルで変更した値で、後ろの括弧内が既定値です。値は設定ファイルの [observatory] の下の表で変えられます (docs/config.md)。
talk-replay-later = その後、同じ送信元からログイン: { $accounts }
talk-replay-refused = この設定であれば、推測 { $guesses } 回と、成功したログイン { $logins } 回が拒否されていました。
talk-replay-login = { $at }  { $account } ({ $address } から) はログインできませんでした

## privacy

talk-privacy-nothing = { $journal } に { $whom } に関するセッションはありません。
talk-privacy-sessions = { $journal } に { $whom } に関するセッションが { $sessions } 件あります ({ $first } から { $last } まで)。内容は、アドレス、時刻、コマンド、試された名前、TLS の指紋です。
talk-privacy-verdicts = 関係する判定が { $verdicts } 件あります。
talk-privacy-homes = いつもの接続元として { $homes } 個のネットワークを、最初と最後のログイン、回数、ソフトとともに記憶しています。最後のログインから 90 日後、またはパスワードの変更で消えます。
talk-privacy-bans = 遮断を { $bans } 件記憶しています。内容はネットワーク、期間、回数で、終わってから 30 日後に消えます。
talk-privacy-captures = そのうち { $captured } 件は、やり取りの内容が { $folder } にあり、[capture] の retention が過ぎると消えます。パスワードは含みません。ただし mode = "full" で記録したものは、試されたパスワードを含みます。
talk-privacy-kept = ジャーナルにパスワードは保存していません。誤ったパスワードについては、おおよその長さ、文字の種類、その日のうちに同じものかどうかを見分けるための 16 ビットだけを残します。セッションは { $days } 日後、アドレスの全桁は 30 日後、判定は 400 日後に消えます。メールとアカウントはこの報告に含まれません。

## pcap

error-pcap-off =
    Wireshark 用のファイルは作られません: { $config } の [capture] にある `mode` が "off" です。
    "metadata" にするか、やり取りの内容も残すなら "redacted" にしてください。
error-pcap-no-sessions =
    条件に合うセッションはジャーナルにありません。
    `watchpost sessions` は同じ条件で、あるものを一覧にします。
error-pcap-no-keys =
    これらのセッションの TLS 鍵は残っていません。
    鍵が残るのは [capture] の mode が "full" の間だけで、ルールが指したセッションか、終了後 1 分以内に求められたセッションに限ります。ログインに成功したセッションは include_authenticated = true のときだけ残ります。{ $open ->
        [0] {""}
       *[other] 続いているセッションの鍵は、終わるまで渡しません。これからログインするかもしれないからです。
    }--with-keys を付けなければ、秘密を含まないファイルを作れます。
error-pcap-unasked = 確認のための端末がありません。TLS 鍵をファイルに入れるなら --yes を付けてください。
error-pcap-declined = 何も書き出しませんでした。
error-pcap-audit =
    鍵を取り出したことをジャーナルに記録できません: { $cause }。
    記録できない場合、鍵は渡しません。サーバーと同じユーザーで実行してください。
error-pcap-identity =
    { $path } にキャプチャを開く鍵がありません: { $cause }。
    age-keygen が書くファイルで、AGE-SECRET-KEY-1 で始まる行が必要です。
error-pcap-locked =
    セッション { $id } のキャプチャは暗号化されています。
    `recipient` と対になる秘密鍵のファイルを指定してください: --identity FILE
error-pcap-key =
    セッション { $id } のキャプチャはこの鍵では開けません: { $cause }。
    当時の [capture] の `recipient` に宛てて暗号化されています。
error-pcap-unreadable =
    セッション { $id } のキャプチャを読めません: { $cause }。
    サーバーと同じユーザーで読んでください。壊れている場合は削除すれば、ジャーナルの内容から作ります。
talk-pcap-section = Watchpost が { $at } に作成。サーバーのソケットが見たもので、TCP と IP のヘッダーは再構成したものです。パスワードも TLS 鍵も含みません。秘密かもしれないものは ****** です。
talk-pcap-section-keys = TLS 鍵と入力内容 (試されたパスワードを含む) が入っています。Watchpost が { $at } に作成し、作成したことはジャーナルに記録されています。サーバーのソケットが見たもので、TCP と IP のヘッダーは再構成したものです。{ $wire } 件は通信路を流れたままです。人に渡す前に: editcap --discard-all-secrets
talk-pcap-section-plain = { $plain } 件は、TLS の内側のやり取りをポート 110 で示します。
talk-pcap-section-journal = { $journal } 件は記録されていないため、ジャーナルから作りました。ジャーナルは何が送られたかを知っていますが、応答の文面は知りません。
talk-pcap-interface = synthesised from application sockets; TCP and IP headers are reconstructed
talk-pcap-tcp = ① TCP 接続: { $meaning }
talk-pcap-tls = ② TLS ハンドシェイク: { $said }。{ $meaning }
talk-pcap-tls-inside = ② TLS ハンドシェイク: { $said }。{ $meaning } このファイルは TLS の内側で話されたことを、TLS なしで示します。
talk-pcap-pop3 = ③ POP3 セッション、{ $state }: { $meaning }
talk-pcap-step = { $state }: { $meaning }
talk-pcap-note = { $said }: { $meaning }
talk-pcap-verdict = ▲ { $rule } ({ $severity }、ATT&CK { $techniques }): { $sentence }
talk-pcap-port = サーバーのポートは { $from } でした。Wireshark が知っている { $to } として示します。
talk-pcap-from-journal = このセッションは記録されていません。ジャーナルから作ったもので、応答の文面は分かりません。
talk-pcap-cut = 記録はここまでです (capture.session_max)。セッションは続きました。
talk-pcap-open = 書き出した時点で、このセッションはまだ続いていました。その後のやり取りは含みません。
talk-pcap-go-on = { $open } 件は続いているセッションで、ここまでの分だけがファイルに入っています。終わってからもう一度書き出してください。終わっていないセッションは `watchpost sessions --open` で分かります。
talk-pcap-warning =
    このファイルには { $sessions } 件のセッションの TLS 鍵と、そこで入力された内容 (メールやパスワードを含む) が入ります。{ $accounts ->
        [0] 実在するアカウントは試されていません
       *[other] 実在するアカウント { $accounts } 件が試されています
    }。取り出したことはジャーナルに記録されます。
talk-pcap-confirm = 続けますか? [y/N]
talk-pcap-wrote = { $file }: セッション { $sessions } 件、パケット { $packets } 個、鍵付き { $secrets } 件。Wireshark で開き、フィルターに: pop || frame.comment
talk-pcap-hint = このうち { $journal } 件はジャーナルから作りました。[capture] を mode = "redacted" にすると、次からはやり取りの内容も残ります。
talk-pcap-tip =
    鍵なしで人に渡すには: editcap --discard-all-secrets { $file } share.pcapng
talk-report-keys = { $at }  ユーザー { $uid } が { $secrets } 件のセッションの TLS 鍵を { $file } に取り出した
talk-report-keys-taken = キャプチャから取り出された TLS 鍵:
