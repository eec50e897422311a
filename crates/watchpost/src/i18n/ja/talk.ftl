# プログラムが人に向けて表示する文。ログは英語のままなので、ここにはない。

## demo

talk-demo-imported =
    { $messages ->
        [0] { $dir } に新しいメールはありません。
       *[other] { $dir } から { $messages } 通のメッセージを取り込みました。
    }
talk-demo-ignored = メールではないファイルが { $files } 個ありましたが、何もしていません。
talk-demo-banner =
    Watchpost がこのコンピューターで動いています。

      POP3 (STLS)   { $pop3 }
      POP3S         { $pop3s }

      アカウント    パスワード
      alice         { $alice }
      bob           { $bob }

    {"  "}{ $messages ->
        [0] どちらのメールボックスにも、まだメッセージはありません。
       *[other] alice のメールボックスには { $messages } 通のメッセージがあります。bob のメールボックスは{ $bobs ->
        [0] 空です
       *[other] { $bobs } 通です
    }。
    }
      データの場所: { $dir }
talk-demo-next =
    別の端末で、次のことを試せます。

      curl で最初のメッセージを読む (POP3S):
        curl -k pop3s://{ $pop3s }/1 --user 'alice:{ $alice }'

      curl でメッセージの一覧を見る (POP3 と STLS):
        curl --ssl-reqd -k pop3://{ $pop3 }/ --user 'alice:{ $alice }'

      自分でプロトコルを話す (USER alice、PASS { $alice }、STAT、LIST、TOP 1 0、QUIT):
        openssl s_client -quiet -crlf -connect { $pop3s }
        openssl s_client -quiet -crlf -starttls pop3 -connect { $pop3 }

      Python から使う:
        python3 -c "import poplib, ssl; m = poplib.POP3_SSL('{ $host }', { $port }, context=ssl._create_unverified_context()); m.user('alice'); m.pass_('{ $alice }'); print(m.stat()); m.quit()"

    自己署名証明書を使っているため、-k を付けています。Ctrl-C でデモを停止します。
talk-demo-visitors-come =
    これから 1 分ほど、模擬の訪問者が 127.64.0.0/10 からやって来ます。正規の利用者、スキャナー、
    パスワードを推測する者、侵入者などです。開くのは訪問者用に作った carol のメールボックスだけです。
    次回から訪問者が不要なら、--no-visitors を付けてください。
talk-demo-visitors-left =
    訪問者は全員帰りました (接続は { $connections } 回)。Watchpost の判断を、次のコマンドで見られます。

      誰が来て、何をしようとしたか:
    {"    "}{ $report }

      そのうち、注意が必要なセッションの一覧:
    {"    "}{ $sessions }

      そのうちもっとも深刻なセッションを、1 行ずつ説明付きで見る:
    {"    "}{ $session }
talk-demo-stopped =
    停止しました。データの場所: { $dir }
    続きから使うには: { $command }
    最初からやり直すには、先にこのフォルダーを削除してください。

## init

talk-init-written =
    次のファイルを作りました。
    {"  "}{ $config }  設定ファイル (説明付き)
    {"  "}{ $certificate }  証明書 (自己署名、{ $domain } 用)
    {"  "}{ $key }  秘密鍵 (ご自分だけが読めます)
    {"  "}{ $accounts }  アカウント
talk-init-account = 最初のアカウント: { $name }
talk-init-next =
    次にすること:
      設定を確かめる:          watchpost check-config --config { $config }
      サーバーを起動する:      watchpost serve --config { $config }
      アカウントを追加する:    watchpost user --config { $config } add alice
    公開する前に、自己署名証明書を、メール ソフトに信頼される証明書に置き換えてください。
talk-init-dns =
    メールソフトがサーバーを自動で見つけられるように (RFC 6186)、DNS に次のレコードを登録してください。
      _pop3s._tcp.{ $domain }. SRV 0 1 995 mail.{ $domain }.
      _pop3._tcp.{ $domain }.  SRV 10 1 110 mail.{ $domain }.
talk-init-domain-missing = --domain の指定がないため、{ $domain } を使います。公開する前に、{ $config } の domain を書き換えてください。

## user

talk-user-added = アカウント { $name } を追加しました。メールの場所: { $path }
talk-user-password-changed = { $name } のパスワードを変更しました。
talk-user-disabled = アカウント { $name } のログインを止めました。メールは残っています。
talk-user-enabled = アカウント { $name } は、再びログインできるようになりました。
talk-user-already-disabled = アカウント { $name } のログインは、すでに止まっています。
talk-user-already-enabled = アカウント { $name } は、すでにログインできる状態です。
talk-user-untold =
    警告: ジャーナル { $path } に変更を伝えられませんでした: { $cause }
    { $name } がこれまでログインしたネットワークは、まだ信頼されています。
    サーバーを動かしているユーザーで、もう一度実行してください。
talk-user-removed = アカウント { $name } を削除しました。メールは { $path } に残っています。
talk-user-generated = { $name } のパスワード (表示されるのは今回だけです): { $password }
talk-user-none = アカウントはまだありません。追加するには: watchpost user add NAME
talk-user-none-in-file = ファイルに、ログインできるアカウントがありません。
talk-user-label-name = アカウント
talk-user-label-state = 状態
talk-user-label-scheme = パスワード
talk-user-label-mail = メール
talk-user-label-created = 作成日時
talk-user-label-changed = 変更日時
talk-user-state-enabled = 有効
talk-user-state-disabled = 停止中
talk-user-scheme-none = なし (ログインできません)

## explain

talk-explain-kind-command = コマンド
talk-explain-kind-reply = 応答
talk-explain-kind-error = エラー
talk-explain-kind-response-code = 応答コード
talk-explain-kind-state = 状態
talk-explain-kind-capability = 拡張機能
talk-explain-kind-word = 用語
talk-explain-label-line = 応答
talk-explain-label-line-ja = 応答 (日本語)
talk-explain-label-connection = 接続
talk-explain-label-states = 状態
talk-explain-label-takes = 引数
talk-explain-label-answers = 応答
talk-explain-label-errors = 付くエラー
talk-explain-label-source = 規定
talk-explain-label-see-also = 関連
talk-explain-label-example = 例
talk-explain-end-continues = 開いたままで、セッションは続きます
talk-explain-end-closes = サーバーが閉じます
talk-explain-end-limit = 開いたままですが、試行回数の上限に達するとサーバーが閉じます
talk-explain-contents-next = 解説を読むには: watchpost explain WORD

## fetch

talk-fetch-password = { $account } のパスワード:{" "}
talk-fetch-clear = { $account }: 警告: TLS を使わないため、経路上の誰でもパスワードとメールを読めます。
talk-fetch-comma = 、
talk-fetch-delivered =
    { $messages ->
        [0] 新着なし
       *[other] 新着 { $messages } 通
    }
talk-fetch-known = 取得済み { $messages } 通
talk-fetch-removed = サーバーから削除 { $messages } 通
talk-fetch-skipped = ルールで除外 { $messages } 通
talk-fetch-too-large = サイズ超過 { $messages } 通
talk-fetch-nameless = 固有 ID なし { $messages } 通
talk-fetch-left = サーバーに残り { $messages } 通
talk-fetch-failed = メッセージ { $id } を取得できませんでした: { $cause }
talk-fetch-failed-more = … ほかに { $messages } 通。--json ですべて表示されます
talk-fetch-missized = メッセージ { $id } は { $octets } オクテットです。LIST は { $listed } と予告していました
talk-fetch-missized-more = … ほかに { $messages } 通も LIST の予告と大きさが違います
talk-fetch-given-up =
    3 回失敗したため、次のメッセージは見送ります: { $ids }
    もう一度試すには: watchpost fetch { $account } --retry
talk-fetch-in-doubt = メッセージ { $id } は 2 回届いた可能性があります。異常終了のため、配送済みかどうかを確認できません。
talk-fetch-returned = サーバーが削除したと応答した { $messages } 通が、まだ残っています。
talk-fetch-expire = このサーバーは { $days } 日後にメールを自動的に削除します。
talk-fetch-more = 続きがあります。次の実行で取得します。--drain を付けると、サーバーが求める間隔を空けて最後まで続けます。
talk-fetch-check =
    { $account }: { $server } に { $method } でログインしました。
      メッセージ    { $messages } 通 (うち新着 { $fresh } 通)
      配送先        { $to }
      サーバーの鍵  { $pin }
      対応機能      { $capabilities }
talk-fetch-status = { $account }: 最後の取得 { $last }、サーバー上の取得済み { $messages } 通、見送り { $failed } 通
talk-fetch-imported = { $account }: { $program } で取得済みの { $messages } 通は、もう取得しません。
talk-fetch-imported-next =
    次の手順: 上の [[fetch]] を { $path } に書き、
    それぞれにパスワードの場所を指定して、動作を確認してください。
      watchpost fetch check

## conform

talk-conform-passed = 合格
talk-conform-failed = 不合格
talk-conform-skipped = 省略
talk-conform-failure =
    { $ids } 不合格 ({ $rfc }): { $asked }
    {"  "}期待した応答  { $expected }
    {"  "}実際の応答    { $came }
    {"  "}規定          { $rule }
talk-conform-summary = 合格 { $passed } 件、不合格 { $failed } 件、省略 { $skipped } 件 (省略は数えません)。
talk-conform-insecure = 警告: どの証明書も信頼します。経路上の第三者にパスワードを読まれるおそれがあります。
talk-conform-left = テスト用メッセージ (件名 conform-…) がメールドロップに残っています。--allow-delete を指定すると削除されます。

## bench

talk-bench-sessions = { $seconds } 秒間に { $sessions } セッション (毎秒 { $rate })
talk-bench-messages = { $messages } 通、{ $octets } オクテット (毎秒 { $rate } 通、{ $megabytes } MB)
talk-bench-latency = セッション (ms): p50 { $p50 }  p90 { $p90 }  p99 { $p99 }  最大 { $max }
talk-bench-message-latency = メッセージ (ms): p50 { $p50 }  p90 { $p90 }  p99 { $p99 }  最大 { $max }
talk-bench-digest = 全メッセージのダイジェスト: { $digest }
talk-bench-fault = { $kind }: { $count } ({ $first })
talk-bench-holding = { $connections } 本のセッションを保っています。
talk-bench-held = { $connections } 本のセッションを保ちました。
talk-bench-calm = 正しいログインだけの場合
talk-bench-storm = 誤ったパスワードと並行した場合 (拒否 毎秒 { $refusals } 回)
talk-bench-ratio = 応じられた正しいログインの比 (並行時／単独時): { $ratio }
talk-bench-errors = エラー: { $errors }

## 入力の促し

talk-prompt-password = { $name } の新しいパスワード:
talk-prompt-repeat = もう一度:

## エラー: 何が起き、どうすればよいか

error-passwords-differ = 2 つのパスワードが一致しません。何も変更していません。もう一度お試しください。
error-password-empty = パスワードが空です。入力するか、--generate で自動生成してください。
error-password-line = パスワードに NUL や改行を含めることはできません。POP3 では送れないためです。
error-password-unasked = パスワードを入力する端末がありません。--password-stdin または --generate をご利用ください。
error-password-stdin-empty = 標準入力に何もありませんでした。1 行目にパスワードを渡してください。
error-account-exists = アカウント { $name } はすでにあります。パスワードを変更するには: watchpost user passwd { $name }
error-account-unknown = アカウント { $name } はありません。一覧を見るには: watchpost user list
error-accounts-elsewhere =
    アカウントは { $path } にあり、このファイルは別の仕組みで管理されています。
    watchpost は読むだけで、書き換えません。ファイルを直接変更してください。動作中の
    サーバーには、次のログインから反映されます。
error-name-invalid = { $name } をアカウントの名前にすることはできません。{ $reason }。
error-name-reason-empty = 空です
error-name-reason-long = 長すぎます
error-name-reason-character = 使用できない文字が含まれています
error-name-reason-start = ドットで始まるか終わるか、ドットが続いています
error-domain-invalid = { $domain } はメール ドメインの形になっていません。example.org のように指定してください。
error-config-missing =
    設定ファイルがありません。次の場所を探しました。
    { $places }
    watchpost init で作るか、--config FILE で場所を指定してください。
error-port-taken =
    { $address } はすでに使用中です。別の Watchpost かメール サーバーが動いています。
    それを止めるか、{ $option } で別のアドレスを指定してください。
error-port-forbidden =
    { $address } を開けません。1024 より小さいポートには権限が必要です。次のように権限を与えるか、
      sudo setcap cap_net_bind_service=+ep { $program }
    { $option } で 1024 以上のポートを指定してください。
error-address-absent =
    { $address } はこのコンピューターのアドレスではありません。{ $option } で別のアドレスを指定してください。
error-listen = { $address } を開けません: { $cause }
error-no-mail =
    { $dir } にメールが見つかりません (.eml ファイル、cur と new のある Maildir、.mbox ファイルを探しました)。
    --mail で別のフォルダーを指定するか、--mail を省いてサンプル メールをお使いください。
error-folder-missing = フォルダー { $dir } がありません。名前をご確認になるか、先に作成してください。
error-not-a-folder = { $dir } はフォルダーではありません。メールの入ったフォルダーを指定してください。
error-import-unreadable = { $path } を読めません: { $cause }。権限をご確認になるか、別の場所に移してください。
error-import-not-mbox = { $path } は mbox ではありません。1 行目が "From " で始まっていません。別の場所に移すか、1 通のメッセージなら拡張子を .eml に変えてください。
error-import-changed = { $path } は、読んでいる間に変更されました。書き込みが終わるのを待ってから、もう一度お試しください。
error-book =
    教科書のページを { $path } に書き出せません: { $cause }
    docs/textbook のように、書き込めるフォルダーを指定してください。
error-explain-unknown = { $word } の解説はありません。用語の一覧を見るには: watchpost explain
error-explain-similar = { $word } の解説はありません。近い用語: { $similar }。用語の一覧を見るには: watchpost explain
error-file-exists = { $path } はすでにあるため、そのままにしました。別の場所に移すか、--dir で別のフォルダーを指定してください。
error-file-unwritable = { $path } に書き込めません: { $cause }
error-no-data-folder = データを置くホーム フォルダーがありません。--dir でフォルダーを指定してください。
error-bench-accounts = 使うメールドロップを指定してください：--user NAME と --password-stdin または --password-file FILE、あるいは --users FILE。
error-bench-pattern = --accounts N を使うときは、名前の中の番号の位置に %n を入れてください：--user load%n --accounts 16
error-bench-users = { $file } の { $line } 行目：名前とパスワードの間にコロンがありません。
error-bench-elsewhere = { $host } はこのマシンではありません。自分が管理する別のサーバーに負荷をかけるには --i-own-this-server を指定してください。
error-conform-unknown = { $id } の検査はありません。一覧は watchpost conform --list で確認できます。
error-conform-connect = サーバーに接続できません: { $cause }
error-conform-password = --user には、--password-stdin か --password-file FILE でパスワードを指定してください。
error-conform-control = ユーザー名とパスワードは空にできず、制御文字も使用できません。POP3 では送信できないためです。
error-fetch-no-config =
    設定ファイルがありません。次の場所を探しました。
    { $places }
    設定ファイルを作って [[fetch]] を書くか (キーの説明は docs/config.md)、--config FILE で場所を指定してください。
error-fetch-no-accounts = { $path } には取得元のアカウントがありません。[[fetch]] を追加してください。キーの説明は docs/config.md にあります。
error-fetch-unknown = アカウント { $name } はありません。設定済みのアカウント: { $known }
error-fetch-every = 間隔として解釈できません。--every 5m のように指定してください。最短は 1 秒です。
error-fetch-secret = { $cause }。`password` でパスワードの在りかを指定し、watchpost fetch check で確認してください。
error-fetch-login = { $cause }。`user` と `password` をご確認ください。アプリ用のパスワードや、アドレス全体をユーザー名に求めるサービスもあります。
error-fetch-later = { $cause }。一時的な状態です。次の実行で再試行します。
error-fetch-server = { $cause }。サーバーの管理者による対応が必要です。
error-fetch-method = { $cause }。`tls` と `auth` をご確認ください。トークンを使う場合、`password` は token-command: で始めます。
error-fetch-tls = { $cause }。`server` と `tls` をご確認ください。ポート 995 は最初から TLS (implicit)、ポート 110 は STLS の後で TLS になります。独自の証明書は `trust` で信頼できます。
error-fetch-connect = { $cause }。保存済みのメールはそのまま残り、次の実行で続きを取得します。
error-fetch-protocol = { $cause }。保存済みのメールはそのまま残り、次の実行で続きを取得します。
error-fetch-delivery = { $cause }。手元に確実に保存するまで、サーバーからは何も削除しません。
error-fetch-away = { $cause }。その間、サーバーからは何も削除しません。次回、再試行します。
error-fetch-descriptors = { $cause }。開けるファイルの数が足りません。上限を上げるか (ulimit -n、またはサービスの LimitNOFILE=)、一度に取得するアカウントを減らしてください。配送済みのメールはそのままで、失われるものはありません。次回、続きから取得します。
error-fetch-running = { $cause }。終わるのを待つか、終了させてください。
error-fetch-uidl = { $cause }。代わりにメールをサーバーから引き取るには、leave = "never" と書いてください。
error-fetch-import = { $path }: { $cause }
