# コマンド ラインのヘルプ。ID はコマンドの階層に従う。

cli-heading-usage = 使い方:
cli-heading-commands = コマンド
cli-heading-arguments = 引数
cli-heading-options = オプション
cli-heading-examples = 例
cli-default = [既定値：{ $value }]
cli-possible-values = [指定できる値: { $values }]
cli-possible-values-heading = 指定できる値:

cli-about = 門の前に誰が来ているのかを見せる POP3 メール システムです。
cli-long-about =
    門の前に誰が来ているのかを見せる POP3 メール システムです。

    Maildir を使う POP3 / POP3S サーバーとアカウント管理を、1 つのプログラムに
    まとめました。まず試すなら demo、サーバーを用意するなら init から始めます。
cli-examples =
    設定なしで試す:
      watchpost demo

    このフォルダーにサーバーを用意して、起動する:
      watchpost init --domain example.org
      watchpost serve

    パスワードを自動生成して、アカウントを追加する:
      watchpost user add alice --generate
cli-arg-help = ヘルプを表示します (-h は要約、--help は全文)。
cli-arg-version = バージョンを表示します。
cli-arg-lang =
    ヘルプとメッセージの言語です。
    省略時はロケールに従います。
cli-arg-lang-value-en = 英語
cli-arg-lang-value-ja = 日本語

cli-demo-about = このコンピューターで、設定なしですべてを試します。
cli-demo-long-about =
    このコンピューターで、設定なしですべてを試します。

    自己署名証明書、アカウント alice と bob、サンプル メールを用意し、ループバック
    アドレスで待ち受けて、次に試せることを表示します。Ctrl-C で停止します。
    データは残り、次に起動したときに続きから使えます。

    最初の 1 分ほど、127.64.0.0/10 から模擬の訪問者がやって来ます。正規の利用者、
    スキャナー、パスワードを推測する者、侵入者などで、その様子は
    `watchpost report` で見られます。
    訪問者が開くのは、訪問者用に作った carol のメールボックスだけです。
cli-demo-examples =
    付属のサンプル メールで試す:
      watchpost demo

    手元のメールで試す (.eml、Maildir、.mbox を読むだけで、変更しません):
      watchpost demo --mail ~/Mail

    別のポートで、データの置き場所を決めて試す:
      watchpost demo --dir /tmp/demo --pop3 127.0.0.1:2110 --pop3s 127.0.0.1:2995

    訪問者なしで試す:
      watchpost demo --no-visitors

    アドレスとパスワードをスクリプトに渡す:
      watchpost demo --no-visitors --json > demo.json
cli-demo-arg-dir =
    データを置くフォルダーです。
    省略時は $XDG_DATA_HOME/watchpost/demo です。
cli-demo-arg-mail =
    サンプルの代わりに使うメールのフォルダーです
    (.eml、Maildir、.mbox)。
cli-demo-arg-pop3 = POP3 (STLS) で待ち受けるアドレスです。
cli-demo-arg-pop3s = POP3S で待ち受けるアドレスです。
cli-demo-arg-no-visitors =
    模擬の訪問者を呼びません
    (省略時は 1 分ほど訪れます)。
cli-demo-arg-json =
    待ち受けを始めたら、アドレスとアカウントを
    1 つの JSON オブジェクトで出力します。

cli-init-about = 設定ファイル、証明書、最初のアカウントを作ります。
cli-init-long-about =
    設定ファイル、証明書、最初のアカウントを作ります。

    設定ファイルには項目ごとに説明が付きます。証明書は自己署名証明書です。まずは
    これで始められます。すでにあるファイルを上書きすることはありません。
cli-init-examples =
    このフォルダーに作る (パスワードは自動生成され、一度だけ表示されます):
      watchpost init --domain example.org

    コンピューター全体の設定として、最初のアカウントを alice にして作る:
      watchpost init --dir /etc/watchpost --domain example.org --user alice

    ファイルからパスワードを渡す (スクリプト向け):
      watchpost init --password-stdin --json < password.txt
cli-init-arg-dir = ファイルを作るフォルダーです。
cli-init-arg-domain = メール ドメインです (例: example.org)。
cli-init-arg-user = 最初のアカウントの名前です。
cli-init-arg-password-stdin = パスワードを標準入力の 1 行目から読みます。
cli-init-arg-json = 文章の代わりに JSON オブジェクトを出力します。

cli-serve-about = サーバーを起動します。
cli-serve-long-about =
    サーバーを起動します。

    SIGHUP を受けると、セッションを切らずに証明書と設定を読み直します。SIGTERM や
    Ctrl-C を受けると、新しい接続の受け付けをやめ、処理中のセッションを終えて
    から停止します。
cli-serve-examples =
    設定ファイルを決まった場所から読んで起動する:
      watchpost serve

    設定ファイルを指定して起動する:
      watchpost serve --config /srv/mail/watchpost.toml
cli-serve-arg-config =
    設定ファイルです。省略時は ./watchpost.toml、
    なければ /etc/watchpost/watchpost.toml です。

cli-check-config-about = 設定ファイルの誤りと、有効になる設定を表示します。
cli-check-config-long-about =
    設定ファイルの誤りと、有効になる設定を表示します。

    誤りがあれば、行と桁を添えてすべて示します。なければ、既定値を含めて有効な
    設定を出力します。パスワードなどは (set) とだけ表示します。終了コード 78 は、
    誤りがあることを表します。
cli-check-config-examples =
    再起動の前に確かめる:
      watchpost check-config --config /etc/watchpost/watchpost.toml

    エディターやスクリプトから使う:
      watchpost check-config --json
cli-check-config-arg-config = { cli-serve-arg-config }
cli-check-config-arg-json = 結果を JSON で出力します。

cli-user-about = アカウントを追加、変更、削除、一覧表示します。
cli-user-long-about =
    アカウントを追加、変更、削除、一覧表示します。

    変更は、動作中のサーバーでも次のログインから有効になります。passwd-file の
    アカウントは表示だけができ、変更はファイル側で行います。--config は、2 番目の
    例のように、コマンドの前に書きます。
cli-user-examples =
    アカウントを追加する (パスワードを 2 回入力します):
      watchpost user add alice

    別の設定ファイルのアカウントを一覧表示する:
      watchpost user --config /srv/mail/watchpost.toml list
cli-user-arg-config = { cli-serve-arg-config }

cli-user-add-about = アカウントを追加します。
cli-user-add-examples =
    パスワードを 2 回入力する:
      watchpost user add alice

    パスワードを自動生成して、一度だけ表示する:
      watchpost user add alice@example.org --generate

    ファイルからパスワードを渡す (スクリプト向け):
      watchpost user add alice --password-stdin < password.txt
cli-user-add-arg-name =
    アカウントの名前です
    (alice または alice@example.org)。
cli-user-add-arg-password-stdin = { cli-init-arg-password-stdin }
cli-user-add-arg-generate = パスワードを自動生成し、一度だけ表示します。
cli-user-add-arg-json = 結果を JSON で出力します。

cli-user-passwd-about = パスワードを変更します。
cli-user-passwd-examples =
    新しいパスワードを 2 回入力する:
      watchpost user passwd alice

    自動生成して、一度だけ表示する:
      watchpost user passwd alice --generate
cli-user-passwd-arg-name = { cli-user-add-arg-name }
cli-user-passwd-arg-password-stdin = { cli-init-arg-password-stdin }
cli-user-passwd-arg-generate = { cli-user-add-arg-generate }
cli-user-passwd-arg-json = { cli-user-add-arg-json }

cli-user-disable-about = アカウントのログインを止めます。メールは残ります。
cli-user-disable-examples =
    watchpost user enable alice を実行するまで、alice ではログインできません:
      watchpost user disable alice
cli-user-disable-arg-name = { cli-user-add-arg-name }
cli-user-disable-arg-json = { cli-user-add-arg-json }

cli-user-enable-about = 止めたアカウントを、再びログインできるようにします。
cli-user-enable-examples =
    パスワードは以前のままです:
      watchpost user enable alice
cli-user-enable-arg-name = { cli-user-add-arg-name }
cli-user-enable-arg-json = { cli-user-add-arg-json }

cli-user-remove-about = アカウントを削除します。メールは残ります。
cli-user-remove-examples =
    メールは元の場所に残り、その場所が表示されます:
      watchpost user remove alice
cli-user-remove-arg-name = { cli-user-add-arg-name }
cli-user-remove-arg-json = { cli-user-add-arg-json }

cli-user-list-about = すべてのアカウントを一覧表示します。
cli-user-list-examples =
    表で見る:
      watchpost user list

    スクリプトから使う:
      watchpost user list --json
cli-user-list-arg-json = 表の代わりに JSON を出力します。

cli-user-show-about = 1 つのアカウントを表示します。
cli-user-show-examples =
    文章で見る:
      watchpost user show alice

    スクリプトから使う:
      watchpost user show alice --json
cli-user-show-arg-name = { cli-user-add-arg-name }
cli-user-show-arg-json = 文章の代わりに JSON を出力します。

cli-explain-about = POP3 のコマンド、応答、エラーなどの用語を解説します。
cli-explain-long-about =
    POP3 のコマンド、応答、エラーなどの用語を解説します。

    コマンド、応答、エラー、応答コード、状態、拡張機能について、目的、有効な状態、
    起こりうる問題、やり取りの例を、教科書のように説明します。用語を指定しないと、
    すべての用語の一覧を表示します。
cli-explain-examples =
    コマンドを調べる:
      watchpost explain RETR

    エラーを、番号、応答コード、または文面から調べる:
      watchpost explain E-31
      watchpost explain IN-USE
      watchpost explain 別のセッションで使用中

    用語の一覧を見る:
      watchpost explain

    教科書の生成ページを書き出す:
      watchpost explain --book docs/textbook
cli-explain-arg-word =
    調べる用語です (大文字と小文字は区別しません)。
    省略時は一覧を表示します。
cli-explain-arg-rest = 用語の続きです。複数の語は 1 つの用語として扱います。
cli-explain-arg-json = 文章の代わりに JSON を出力します。
cli-explain-arg-book = 教科書の生成ページを、このフォルダーに書き出します。

cli-fetch-about = ほかのサーバーのメールを、1 通ずつ漏れも重複もなく取得します。
cli-fetch-long-about =
    ほかのサーバーのメールを、1 通ずつ漏れも重複もなく取得します。

    アカウントは設定ファイルの [[fetch]] に書きます。各キーの説明は
    docs/config.md にあります。Maildir、mbox、このサーバーのアカウントには、
    途中で何が起きても各メッセージがちょうど 1 回だけ届きます。leave で指定
    しないかぎり、メールはサーバーに残ります。サーバーから削除するのは、
    手元に確実に保存した後だけです。

    終了コード: 全アカウントのうち最も重いもの (待てば済むものは軽く、人の
    対応が必要なものは重い)
      0   成功 (新しいメールがない場合も)
      64  コマンドラインの誤り
      65  恒久的に拒否された、または 3 回失敗して断念したメッセージあり
      66  設定ファイルがない
      67  そのアカウントはない
      69  TLS またはサーバー自体の問題。サーバー管理者の対応が必要
      71  システムの資源不足 (開けるファイル、スレッド)
      73  配送先またはジャーナルに書き込めない
      75  後で再試行 (接続不可、他のセッション、保留されたメッセージ)
      77  パスワードがない、またはサーバーが拒否
      78  設定の誤り、またはこのサーバーでは使えない設定
cli-fetch-examples =
    すべてのアカウント、または 1 つのアカウントから新着メールを取得する:
      watchpost fetch
      watchpost fetch work

    動作と新着の件数だけを確認する:
      watchpost fetch check

    アドレスからサーバーを探し、アカウントを書く:
      watchpost fetch init alice@example.org

    設定ファイルにないメールドロップから取得する (RFC 2384):
      watchpost fetch pop://alice@pop.example.org:995 --to mbox:alice.mbox

    5 分ごとに、止めるまで繰り返す:
      watchpost fetch --every 5m --quiet

    プログラムから使う:
      watchpost fetch --json
cli-fetch-arg-config =
    設定ファイルです。省略すると ./、
    ~/.config/watchpost/、/etc/watchpost/ の順に
    watchpost.toml を探します。
cli-fetch-arg-accounts =
    対象のアカウント、または pop://user@host です。省略すると
    すべてのアカウントです。
cli-fetch-arg-every = この間隔で繰り返し取得します (30s、5m、1h など)。
cli-fetch-arg-retry = 3 回失敗して見送ったメッセージを、もう一度試します。
cli-fetch-arg-quiet = 対処が必要なことだけを表示します。
cli-fetch-arg-json = アカウントごとに JSON オブジェクトを 1 つ出力します。
cli-fetch-arg-drain =
    サーバーが求めるログイン間隔を空けながら、
    残りがなくなるまで続けます。
cli-fetch-arg-to =
    URL のメールの配送先です。
    設定ファイルの to と同じ形式です。
cli-fetch-arg-password =
    URL のパスワードの場所です
    (file:…、command:… など)。
cli-fetch-arg-tls =
    URL の接続の保護です。省略すると、ポート 995
    では implicit、それ以外では stls です。
cli-fetch-arg-tls-value-none = 保護なし (経路上の全員がパスワードを読めます)
cli-fetch-arg-tls-value-stls = STLS で始める TLS
cli-fetch-arg-tls-value-implicit = 最初から TLS
cli-fetch-arg-trust =
    URL のサーバーで信頼する証明書です
    (system、first-use、file:…、pins:…)。
cli-fetch-check-about = ログインして一覧だけを確認し、メールは取得しません。
cli-fetch-check-examples =
    すべてのアカウント:
      watchpost fetch check

    1 つのアカウントをプログラムから確認する:
      watchpost fetch check work --json
cli-fetch-check-arg-accounts = { cli-fetch-arg-accounts }
cli-fetch-check-arg-password = { cli-fetch-arg-password }
cli-fetch-check-arg-tls = { cli-fetch-arg-tls }
cli-fetch-check-arg-tls-value-none = { cli-fetch-arg-tls-value-none }
cli-fetch-check-arg-tls-value-stls = { cli-fetch-arg-tls-value-stls }
cli-fetch-check-arg-tls-value-implicit = { cli-fetch-arg-tls-value-implicit }
cli-fetch-check-arg-trust = { cli-fetch-arg-trust }
cli-fetch-check-arg-json = JSON を出力します。
cli-fetch-status-about = サーバーに接続せずに、これまでの取得状況を表示します。
cli-fetch-status-examples =
    すべてのアカウント:
      watchpost fetch status
cli-fetch-status-arg-accounts = 対象のアカウントです。省略するとすべてです。
cli-fetch-status-arg-json = JSON を出力します。
cli-fetch-service-about = 繰り返し取得するための systemd のユニットを出力します。
cli-fetch-service-long-about =
    繰り返し取得するための systemd のユニットを出力します。

    ユニットが書き込めるのは、設定したアカウントの記録と配送先だけで、特権
    なしで動作します。credential:NAME のアカウントのパスワードは、設定ファイル
    の隣の credentials フォルダーから LoadCredential= で渡すため、読めるのは
    systemd だけです。準備の完了、各セッションの結果、動作中であることを
    systemd に伝えます。
cli-fetch-service-examples =
    常駐して 5 分ごとに取得するサービス:
      watchpost fetch service --user alice

    15 分ごとにプログラムを起動するタイマー:
      watchpost fetch service --timer --every 15m --dir /etc/systemd/system
cli-fetch-service-arg-every = セッションの間隔です。
cli-fetch-service-arg-timer =
    常駐するサービスの代わりに、毎回プログラムを起動する
    タイマーにします。
cli-fetch-service-arg-user =
    実行するシステムのユーザーです。
    省略すると watchpost です。
cli-fetch-service-arg-dir =
    出力する代わりに、このフォルダーにファイルを書きます。
cli-fetch-init-about = アドレスから POP3 サーバーを探し、アカウントを書きます。
cli-fetch-init-long-about =
    アドレスから POP3 サーバーを探し、アカウントを書きます。

    DNS の SRV レコード (RFC 6186)、ドメインのウェブサーバーにある設定、
    よく使われる名前と MX レコードのホストの順に調べます。パスワードを送る
    のは、サーバーが自分の名前の証明書で TLS に応じた後だけです。メールの
    ドメインの外にあるサーバーは、同意した場合だけ使います。見つけた内容は
    説明とともに [[fetch]] の表として出力し、--write を付けると設定ファイルに
    加えます。設定ファイルのコメントはそのまま残ります。

    端末がない場合、パスワードの入力は求めません。--password で場所を指定
    するか、--password-stdin で渡してください。
cli-fetch-init-examples =
    端末で質問に答えながら設定する:
      watchpost fetch init alice@example.org

    書き込む内容を確認し、ログインできるかを試す:
      watchpost fetch init alice@example.org --dry-run

    プログラムから、パスワードの場所を指定して使う:
      watchpost fetch init alice@example.org --password netrc:.netrc --yes --json
cli-fetch-init-arg-address = 対象のメールアドレスです。
cli-fetch-init-arg-name = アカウントの名前です。省略するとアドレスから作ります。
cli-fetch-init-arg-to =
    メールの配送先です。設定ファイルの to と同じ形式で、省略
    すると maildir:~/Maildir です。
cli-fetch-init-arg-recipient = lmtp: と smtp: の宛先です。
cli-fetch-init-arg-password =
    パスワードの場所です (file:…、command:… など、設定ファイル
    と同じ形式)。
cli-fetch-init-arg-password-stdin =
    標準入力の最初の行からパスワードを読み、保存します。
cli-fetch-init-arg-keep = 入力されたパスワードの保存先です。
cli-fetch-init-arg-keep-value-file = 設定ファイルの隣の、所有者だけが読めるファイル
cli-fetch-init-arg-keep-value-secret-service = デスクトップのキーリング (secret-tool)
cli-fetch-init-arg-keep-value-prompt = 保存せず、毎回入力する
cli-fetch-init-arg-trust = 信頼する証明書です (system、first-use、file:…、pins:…)。
cli-fetch-init-arg-no-login = ログインできるかを試しません。
cli-fetch-init-arg-write = 設定ファイルに書き込みます。
cli-fetch-init-arg-yes =
    すべての質問に「はい」と答えます。ドメインの外のサーバーに
    ついても同じです。
cli-fetch-init-arg-dry-run = 何も書き込みません。
cli-fetch-init-arg-json = JSON オブジェクトを 1 つ出力します。
cli-fetch-init-arg-resolver =
    DNS リゾルバーです。省略すると /etc/resolv.conf に従います。
cli-fetch-init-arg-ports =
    995、110、443、80 の代わりに使うポートを、この順で指定します。
cli-fetch-import-about =
    fetchmail、getmail6、mpop のアカウントと記録を引き継ぎます。
cli-fetch-import-long-about =
    fetchmail、getmail6、mpop のアカウントと記録を引き継ぎます。

    アカウントは [[fetch]] の表として出力しますので、内容を確認してから設定
    ファイルに加えてください。取得済みのメッセージも記録するため、最初の
    取得で同じメールが届くことはありません。元のプログラムのファイルは変更
    しません。パスワードは引き継ぎません。置き場所は表の中で示します。
cli-fetch-import-examples =
    取得済みの記録を、各プログラムの標準の場所から読む:
      watchpost fetch import fetchmail ~/.fetchmailrc > accounts.toml
      watchpost fetch import mpop ~/.mpoprc > accounts.toml

    場所を指定する:
      watchpost fetch import getmail ~/.getmail/getmailrc --state ~/.getmail
cli-fetch-import-arg-program = 引き継ぎ元のプログラムです。
cli-fetch-import-arg-program-value-fetchmail = fetchmail 6
cli-fetch-import-arg-program-value-getmail = getmail 6
cli-fetch-import-arg-program-value-mpop = mpop
cli-fetch-import-arg-rc = そのプログラムの設定ファイルです。
cli-fetch-import-arg-state =
    取得済みメッセージの記録です。ファイルかフォルダーを
    指定します。

cli-talk-about = 任意の POP3 サーバーと対話し、1 行ずつ解説します。
cli-talk-long-about =
    任意の POP3 サーバーと対話し、1 行ずつ解説します。

    入力した行をサーバーに送信し、その意味、サーバーの応答の意味、次にできる
    ことを、RFC の該当箇所とともに説明します。ポートを省くと 995 を使用し、
    最初から TLS で保護します。ほかのポートでは平文で始まり、STLS で TLS を
    開始できます。パスワードはどこにも表示されず、平文では許可したときだけ
    送信されます。使い方は、セッションの中で help と入力してください。
    コマンドは、スクリプトや標準入力からも読み込めます。1 行に 1 つの
    コマンドを書き、# で始まる行は注釈、"< +OK" は直前の応答の始まりの
    期待値です。${"{"}password{"}"} はパスワードに置き換わります。パスワードは
    --password-file、環境変数 WATCHPOST_PASSWORD、または入力から得ます。
    終了コードは、すべて期待どおりなら 0、違えば 65、接続できなければ 69、
    接続が切れたら 74 です。
cli-talk-examples =
    TLS で始めるセッションと、STLS で TLS に切り替えるセッション:
      watchpost talk pop.example.org
      watchpost talk pop.example.org --stls

    自己署名証明書を使うデモ:
      watchpost talk 127.0.0.1:1110 --insecure

    スクリプトを実行し、文書に載せる記録を得る:
      watchpost talk mx --script session.pop3 --password-file pw --no-times

    復号できて解説の付いた、Wireshark 用のファイルを書き出す:
      watchpost talk 127.0.0.1:1995 --tls --insecure --record session.pcapng
cli-talk-arg-host =
    サーバーです。ポートが 995 (--stls では 110) でなければ
    :PORT を付けます。
cli-talk-arg-tls = ポートによらず、最初から TLS を使用します。
cli-talk-arg-stls =
    最初に STLS を送信します。
    TLS が始まらなければ終了します。
cli-talk-arg-ca =
    システムの証明書の代わりに、
    この証明書 (PEM) を信頼します。
cli-talk-arg-insecure = 証明書に問題があっても続行します。
cli-talk-arg-allow-clear = 秘密を平文で送信することを許可します。
cli-talk-arg-password-file = { cli-conform-arg-password-file }
cli-talk-arg-script = コマンドをこのファイルから読み込みます。
cli-talk-arg-record =
    このセッションの鍵を含む、Wireshark 用の
    pcapng ファイルを書き出します。
cli-talk-arg-full = 複数行の応答の全体を表示します。
cli-talk-arg-no-times =
    時間を表示しません。
    記録を比較できるようになります。
cli-talk-arg-timeout = { cli-conform-arg-timeout }
cli-talk-arg-json =
    JSON Lines を出力します。
    コマンドは標準入力から読み込みます。

cli-conform-about = 任意の POP3 サーバーが標準どおりに動くかを調べます。
cli-conform-long-about =
    任意の POP3 サーバーが標準どおりに動くかを調べます。

    検査ごとに新しく接続し、合格・不合格・省略を表で示します。不合格には
    RFC の該当箇所と説明を付けます。配信の手段があれば、扱いの難しい
    メッセージを置いて調べます。削除するのは自分で置いたメッセージだけで、
    --allow-delete を指定したときに限ります。終了コードは、すべて合格なら 0、
    不合格があれば 65、接続できなければ 69 です。
cli-conform-examples =
    アカウントなしで分かることを調べる:
      watchpost conform pop.example.org

    Maildir に書き込めるテスト用アカウントで、すべてを調べる:
      watchpost conform mx --user bob --password-file pw --deliver-maildir Mail

    検査の内容を表示する:
      watchpost conform --list
cli-conform-arg-host =
    サーバーです。ポートが 995 (implicit 以外では 110) でなければ
    :PORT を付けます。
cli-conform-arg-tls = 接続の保護方法です。
cli-conform-arg-tls-value-none = 保護なし
cli-conform-arg-tls-value-stls = STLS で始める TLS
cli-conform-arg-tls-value-implicit = 最初からの TLS
cli-conform-arg-user =
    ログインするアカウントです。
    省くと多くの検査が省略されます。
cli-conform-arg-password-stdin = { cli-init-arg-password-stdin }
cli-conform-arg-password-file =
    パスワードをこのファイルの 1 行目から
    読み込みます。
cli-conform-arg-certificate = この証明書 (PEM) だけを信頼します。
cli-conform-arg-insecure =
    どの証明書も信頼します。
    自分のサーバーでのみお使いください。
cli-conform-arg-deliver-maildir =
    テスト用メッセージを置く、
    アカウントの Maildir です。
cli-conform-arg-deliver-command =
    標準入力のメッセージを配信する
    シェル コマンドです。
cli-conform-arg-allow-delete =
    置いたメッセージを最後に削除し、
    削除の検査も行います。
cli-conform-arg-wait-idle =
    10 分待って、無通信時の切断を検査します。
cli-conform-arg-only =
    指定した要件だけを調べます
    (例: P-160,P-161)。
cli-conform-arg-list = 検査の内容だけを表示します。
cli-conform-arg-timeout = 応答を待つ秒数です。
cli-conform-arg-json = 表の代わりに JSON を出力します。

cli-bench-about = POP3 サーバーに負荷をかけて性能を測ります。
cli-bench-long-about =
    POP3 サーバーに負荷をかけて性能を測ります。

    応答はすべて突き合わせます。STAT は LIST と、LIST は RETR で届いた
    オクテット数と一致し、番号は 1 から続かなければなりません。何も
    削除しません。メールドロップは 1 つのセッションだけが使うので、
    接続数より多くのアカウントを用意してください。このマシン以外の
    サーバーには --i-own-this-server が必要です。--rate と storm の
    待ち時間は、ログインの予定時刻から数えます。終了コードは、問題が
    なければ 0、誤った応答や失敗したセッションがあれば 65 です。
cli-bench-examples =
    アカウント u1 から u16 で、同時に 8 本のログインを 10 秒間続ける:
      watchpost bench logins localhost --user u%n --accounts 16 --password-file pw

    「名前:パスワード」を並べたファイルの全アカウントで、全メッセージを読む:
      watchpost bench drain localhost --users users --in-flight 32 --verify

    64 本の接続がパスワードを推測する間、正しいログインへの影響を見る:
      watchpost bench storm localhost --users users --rate 50 --duration 20

    400 本のセッションを 1 分間保ち、その間にサーバーを調べる:
      watchpost bench idle localhost --users users --connections 400 --duration 60
cli-bench-arg-mode = 何をするかです。
cli-bench-arg-mode-value-logins = 接続、USER、PASS、STAT、QUIT
cli-bench-arg-mode-value-drain = STAT、UIDL、LIST と全メッセージの RETR
cli-bench-arg-mode-value-idle = セッションを開いたまま保ち、揃ったら知らせる
cli-bench-arg-mode-value-storm = 正しいログインだけ、次に誤ったパスワードと並行して
cli-bench-arg-mode-value-big = STAT、UIDL、LIST (大きなメールドロップ用)
cli-bench-arg-host = { cli-conform-arg-host }
cli-bench-arg-tls = { cli-conform-arg-tls }
cli-bench-arg-tls-value-none = { cli-conform-arg-tls-value-none }
cli-bench-arg-tls-value-stls = { cli-conform-arg-tls-value-stls }
cli-bench-arg-tls-value-implicit = { cli-conform-arg-tls-value-implicit }
cli-bench-arg-user =
    アカウントです。%n は 1、2、3…に
    置き換わります。
cli-bench-arg-accounts = %n が表すアカウントの数です。
cli-bench-arg-password-stdin =
    パスワードを標準入力の 1 行目から
    読み込みます。
cli-bench-arg-password-file = { cli-conform-arg-password-file }
cli-bench-arg-users =
    アカウントとパスワードのファイルです
    (「名前:パスワード」の行)。
cli-bench-arg-certificate = { cli-conform-arg-certificate }
cli-bench-arg-insecure = { cli-conform-arg-insecure }
cli-bench-arg-resume =
    TLS セッションを再開します。
    省くと毎回完全なハンドシェイクをします。
cli-bench-arg-connections =
    同時に開くセッションの数です (省くと
    logins 8、drain 4、idle 100、big 1)。
cli-bench-arg-rate =
    1 秒あたりに予定するログインの数です。
    サーバーの遅れを待ちません。
cli-bench-arg-duration =
    秒数です。storm では 2 つの段階
    それぞれの秒数です (省くと 10)。
cli-bench-arg-count =
    セッションの数です。省くと drain は
    全アカウントを 1 回ずつ、big は 1 回です。
cli-bench-arg-in-flight =
    応答を待たずに送る RETR の数です。
    2 以上には PIPELINING が必要です。
cli-bench-arg-verify =
    全メッセージのダイジェストを取り、
    メールドロップの変化を検査します。
cli-bench-arg-before-login = idle で、ログイン前のセッションを保ちます。
cli-bench-arg-attackers =
    storm で、誤ったパスワードを試す
    接続の数です。
cli-bench-arg-tries =
    storm で、1 接続あたりに試す
    パスワードの数です。
cli-bench-arg-patience =
    予定からこの秒数を過ぎたログインは、
    応じられなかったと数えます。
cli-bench-arg-timeout = { cli-conform-arg-timeout }
cli-bench-arg-i-own-this-server =
    このマシン以外の (自分が管理する)
    サーバーに負荷をかけます。
cli-bench-arg-json =
    文章の代わりに JSON を出力します。
    idle では、揃ったときに 1 行出します。

cli-completions-about = シェルの補完スクリプトを出力します。
cli-completions-examples =
    bash、zsh、fish で使う:
      watchpost completions bash > /etc/bash_completion.d/watchpost
      watchpost completions zsh > ~/.zfunc/_watchpost
      watchpost completions fish > ~/.config/fish/completions/watchpost.fish
cli-completions-arg-shell = シェルの種類です。
cli-completions-arg-shell-value-bash = GNU Bash
cli-completions-arg-shell-value-elvish = Elvish
cli-completions-arg-shell-value-fish = fish
cli-completions-arg-shell-value-powershell = PowerShell
cli-completions-arg-shell-value-zsh = Zsh

cli-man-about = マニュアル ページを出力します。
cli-man-examples =
    主要なページを読む:
      watchpost man | man -l -

    コマンドごとのページを書き出す:
      watchpost man --dir ~/.local/share/man/man1
cli-man-arg-dir =
    コマンドごとに 1 ページずつ、
    このフォルダーに書き出します。

cli-report-about = 何があったかを、一文のまとめ、相手、内容、対応の順に表示する
cli-report-examples =
    直近の一日:
      watchpost report

    昨夜:
      watchpost report --since yesterday-20:00 --until today-08:00

    プログラム向け:
      watchpost report --since 7d --json

    保存や送付に使えるページ:
      watchpost report --since 7d --html week.html
cli-report-arg-config = { cli-serve-arg-config }
cli-report-arg-since = いつから (24h、7d、20:00、日付など)
cli-report-arg-until = いつまで。省略すると現在まで
cli-report-arg-json = JSON オブジェクトを一つ出力する
cli-report-arg-html = 単独で読める HTML ページをこのファイルに書く

cli-sessions-about = ジャーナルのセッションを探す、または書き出す
cli-sessions-examples =
    新しいものから:
      watchpost sessions

    あるネットワークから alice を試したもの:
      watchpost sessions --address 203.0.113.0/24 --account alice

    あるルールが反応したもの、継続中のもの:
      watchpost sessions --rule B1 --since 7d
      watchpost sessions --open

    どのクライアントがどの TLS のバージョンを使うか:
      watchpost sessions --by tls --since 7d
cli-sessions-arg-config = { cli-serve-arg-config }
cli-sessions-arg-since = これ以降に始まったもの (24h、7d、日付など)
cli-sessions-arg-until = これより前に始まったもの
cli-sessions-arg-address = このアドレスまたはネットワークからのもの
cli-sessions-arg-account = この名前が試されたもの
cli-sessions-arg-rule = このルールが反応したもの
cli-sessions-arg-severity = 判定の深刻さがこれ以上のもの
cli-sessions-arg-severity-value-info = 参考情報
cli-sessions-arg-severity-value-low = よくある雑音
cli-sessions-arg-severity-value-medium = 侵入しようとしている
cli-sessions-arg-severity-value-high = 侵入されるおそれがある
cli-sessions-arg-severity-value-critical = 侵入された、またはメールが危険
cli-sessions-arg-ending = このように終わったもの
cli-sessions-arg-ending-value-quit = QUIT に応答した
cli-sessions-arg-ending-value-limit = 制限に達した
cli-sessions-arg-ending-value-dropped = 何も言わずに閉じた
cli-sessions-arg-ending-value-peer-closed = クライアントが QUIT なしで閉じた
cli-sessions-arg-ending-value-broken = 接続が切れた
cli-sessions-arg-ending-value-timeout = 長い間何も言わなかった
cli-sessions-arg-ending-value-handshake-failed = TLS が成立しなかった
cli-sessions-arg-ending-value-read-failed = メッセージを読み取れなかった
cli-sessions-arg-ending-value-shutdown = サーバーが停止するところだった
cli-sessions-arg-ending-value-refused = 接続が多すぎた
cli-sessions-arg-ending-value-unknown = 終わりが記録されていない
cli-sessions-arg-open = 継続中のもの
cli-sessions-arg-limit = 表示する件数 (新しい順)
cli-sessions-arg-by = 一覧の代わりに、共通する項目ごとに数える
cli-sessions-arg-by-value-tls = TLS のバージョンとクライアント
cli-sessions-arg-by-value-address = アドレス
cli-sessions-arg-by-value-ending = 終わり方
cli-sessions-arg-json = JSON Lines で出力する

cli-sessions-export-about = セッションと判定を他のプログラム向けに書き出す
cli-sessions-export-examples =
    直近一週間の全件をファイルへ:
      watchpost sessions export --since 7d > sessions.jsonl

    表として:
      watchpost sessions export --since 7d --format csv > sessions.csv

    Filebeat や Vector などへ、起きたときに順次:
      watchpost sessions export --since now --follow
cli-sessions-export-arg-since = これ以降に始まったもの (24h、7d、now、日付など)
cli-sessions-export-arg-follow = 新しく起きたものを続けて書き出す
cli-sessions-export-arg-format = 出力の形式
cli-sessions-export-arg-format-value-jsonl = Elastic Common Schema の JSON Lines (判定も含む)
cli-sessions-export-arg-format-value-csv = 表計算ソフト向けの表 (1 セッション 1 行)

cli-session-about = 一つのセッションを順に表示する
cli-session-examples =
    教科書のように:
      watchpost session 019abcde1234 --explain

    図にする:
      watchpost session 019abcde1234 --diagram svg > session.svg
cli-session-arg-config = { cli-serve-arg-config }
cli-session-arg-id = セッションの名前、またはその先頭 8 桁以上
cli-session-arg-explain = 各行の意味と、普通のメールソフトとの違いを説明する
cli-session-arg-diagram = 図で表示する
cli-session-arg-diagram-value-txt = 桁をそろえた文字
cli-session-arg-diagram-value-mermaid = Mermaid のシーケンス図
cli-session-arg-diagram-value-svg = 単独で開ける画像
cli-session-arg-json = JSON オブジェクトを一つ出力する

cli-pcap-about = セッションを Wireshark で開けるファイルに書き出す
cli-pcap-long-about =
    セッションを Wireshark で開けるファイルに書き出す

    ファイルは pcapng 形式で、各パケットに意味が付きます:
    ① TCP 接続、② TLS ハンドシェイク、③ POP3 セッション、そして反応したルール。

    --with-keys を付けなければ、ファイルに秘密は入りません。TLS の内側の内容は
    ポート 110 で示し、パスワードかもしれないものは ****** になります。どこまで
    示せるかは設定の [capture] が決めます。記録がないところは、ジャーナルが知って
    いることから作ります。続いているセッションはここまでの分を書き出し、鍵は
    終わってから渡します。
cli-pcap-examples =
    一つのセッションを、秘密なしで:
      watchpost pcap 019abcde1234 -o night.pcapng

    一日のうち、あるルールが反応したもの全部:
      watchpost pcap --rule B1 --since 24h -o guesses.pcapng

    通信路を流れたまま、TLS 鍵を付けて:
      watchpost pcap --rule B1 --since 24h --with-keys -o forensic.pcapng

    暗号化されたキャプチャから、直接 tshark へ:
      watchpost pcap 019abcde1234 --identity key.txt -o - | tshark -r - -Y pop
cli-pcap-arg-config = { cli-serve-arg-config }
cli-pcap-arg-id = { cli-session-arg-id }
cli-pcap-arg-output = 書き出すファイル。- は標準出力
cli-pcap-arg-with-keys = 流れたままに TLS 鍵を付ける (ジャーナルに残る)
cli-pcap-arg-yes = TLS 鍵が本当に必要か確認しない
cli-pcap-arg-identity = キャプチャを開く age の秘密鍵のファイル
cli-pcap-arg-json = 書き出した内容を JSON オブジェクトで出力する
cli-pcap-arg-since = { cli-sessions-arg-since }
cli-pcap-arg-until = { cli-sessions-arg-until }
cli-pcap-arg-address = { cli-sessions-arg-address }
cli-pcap-arg-account = { cli-sessions-arg-account }
cli-pcap-arg-rule = { cli-sessions-arg-rule }
cli-pcap-arg-severity = { cli-sessions-arg-severity }
cli-pcap-arg-severity-value-info = { cli-sessions-arg-severity-value-info }
cli-pcap-arg-severity-value-low = { cli-sessions-arg-severity-value-low }
cli-pcap-arg-severity-value-medium = { cli-sessions-arg-severity-value-medium }
cli-pcap-arg-severity-value-high = { cli-sessions-arg-severity-value-high }
cli-pcap-arg-severity-value-critical = { cli-sessions-arg-severity-value-critical }
cli-pcap-arg-ending = { cli-sessions-arg-ending }
cli-pcap-arg-ending-value-quit = { cli-sessions-arg-ending-value-quit }
cli-pcap-arg-ending-value-limit = { cli-sessions-arg-ending-value-limit }
cli-pcap-arg-ending-value-dropped = { cli-sessions-arg-ending-value-dropped }
cli-pcap-arg-ending-value-peer-closed = { cli-sessions-arg-ending-value-peer-closed }
cli-pcap-arg-ending-value-broken = { cli-sessions-arg-ending-value-broken }
cli-pcap-arg-ending-value-timeout = { cli-sessions-arg-ending-value-timeout }
cli-pcap-arg-ending-value-handshake-failed = { cli-sessions-arg-ending-value-handshake-failed }
cli-pcap-arg-ending-value-read-failed = { cli-sessions-arg-ending-value-read-failed }
cli-pcap-arg-ending-value-shutdown = { cli-sessions-arg-ending-value-shutdown }
cli-pcap-arg-ending-value-refused = { cli-sessions-arg-ending-value-refused }
cli-pcap-arg-ending-value-unknown = { cli-sessions-arg-ending-value-unknown }
cli-pcap-arg-open = { cli-sessions-arg-open }
cli-pcap-arg-limit = { cli-sessions-arg-limit }

cli-account-about = アカウントに侵入しようとした相手を表示する
cli-account-examples =
    直近三十日:
      watchpost account alice

    直近一週間、プログラム向け:
      watchpost account alice --last 7d --json
cli-account-arg-config = { cli-serve-arg-config }
cli-account-arg-name = アカウントの名前 (実在しなくてもよい)
cli-account-arg-last = どこまでさかのぼるか (24h、7d、日付など)
cli-account-arg-json = JSON オブジェクトを一つ出力する

cli-campaign-about = 多数のアドレスが同じツールを使うキャンペーンを表示する
cli-campaign-examples =
    report に出てきたもの:
      watchpost campaign c-7f3a91
cli-campaign-arg-config = { cli-serve-arg-config }
cli-campaign-arg-id = キャンペーンの名前
cli-campaign-arg-json = JSON オブジェクトを一つ出力する

cli-rules-about = ルールの一覧を表示する、またはジャーナルを判定し直す
cli-rules-examples =
    すべてのルール:
      watchpost rules list

    今の設定で、ルール B1 が直近一週間をどう判定するか:
      watchpost rules replay B1 --last 7d
cli-rules-arg-config = { cli-serve-arg-config }
cli-rules-arg-json = JSON Lines で出力する

cli-rules-list-about = ルールの一覧を表示する
cli-rules-list-examples =
    watchpost rules list

cli-rules-replay-about = ジャーナルを判定し直して、保存された判定と比べる
cli-rules-replay-examples =
    すべてのルールが直近一週間をどう判定するか:
      watchpost rules replay

    一つのルールが直近一か月をどう判定するか:
      watchpost rules replay P1 --last 30d
cli-rules-replay-arg-rule = ルールの名前、または all
cli-rules-replay-arg-last = 判定を表示する期間

cli-privacy-about = 人についてどんな情報を持っているかを表示する
cli-privacy-examples =
    アカウントについて:
      watchpost privacy report alice

    アドレスについて:
      watchpost privacy report 203.0.113.9
cli-privacy-arg-config = { cli-serve-arg-config }

cli-privacy-report-about = アカウントまたはアドレスについて、ジャーナルにある情報を表示する
cli-privacy-report-examples =
    watchpost privacy report alice
cli-privacy-report-arg-whom = アカウントの名前、またはアドレス
cli-privacy-report-arg-json = JSON オブジェクトを一つ出力する
