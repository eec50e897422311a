## fetch init: 検索の手順

talk-search-begin = { $address } の POP3 サーバーを探します。
talk-search-srv-heading =
    DNS で { $domain } が公開している情報
    ドメインは SRV レコードでメールサーバーを示せます (RFC 6186)。_pop3s は最初から
    TLS を使う方式で、こちらが優先です (RFC 8314)。_pop3 は STLS で TLS を始める方式です。
talk-search-srv-found = { $name } は { $server } を示しています (優先度 { $priority }、重み { $weight })
talk-search-srv-none = { $name }: レコードはありません
talk-search-srv-refused = { $name }: 宛先が「.」なので、提供していないという意味です
talk-search-srv-trouble = { $name }: DNS が応答しません: { $cause }
talk-search-settings-heading =
    メールソフト向けに { $domain } が公開している設定
    多くのドメインは、ウェブサーバーに小さな XML ファイルで設定を置いています。https で
    届いた内容はドメイン自身が保証しますが、http の内容は誰のものか分かりません。
talk-search-settings-found = { $place } は { $server } を示しています
talk-search-settings-clear = { $place } は TLS なしの { $server } を示しています。パスワードが平文で流れるため使いません
talk-search-settings-token = { $place } は { $server } を示しています。パスワードではなくアクセストークン (OAuth 2.0) が必要です
talk-search-settings-none = { $place }: { $cause }
talk-search-guess-heading =
    よく使われる名前
    { $domain } が公開している情報ではサーバーが見つからないため、よく使われる名前と、
    メールを受け取るホスト (MX レコード) を試します。
talk-search-mx-found = このドメインのメールを受け取るホスト: { $hosts }
talk-search-probe-heading =
    接続の確認
    各サーバーに、その名前の証明書による TLS を求め、対応機能 (CAPA、RFC 2449) を
    尋ねます。ユーザー名もパスワードも、まだ送りません。
talk-search-probe-answers = { $server } ({ $tls }) が応答しました。対応機能: { $capabilities }
talk-search-probe-fails = { $server } ({ $tls }): { $cause }
talk-search-outside-question =
    { $host } は { $domain } の外にあります。{ $by } で示されたもので、経路上の第三者が偽造した
    可能性があります。このサーバーを知っていて、パスワードを送ってもよいですか? [y/N]
talk-search-outside-agreed = { $host } は { $domain } の外にありますが、指示に従って使います
talk-search-outside-refused = { $host } は { $domain } の外にあるため、使いません
talk-search-login-heading =
    ログイン
    多くのサーバーはユーザー名としてアドレス全体を求め、一部は @ の前だけを求めます
    (RFC 6186 §4)。接続は TLS で保護され、証明書は確認済みです。
talk-search-login-skipped =
    パスワードがないため、ログインは試しません。サーバーが求めるユーザー名はまだ分かり
    ませんが、多くはアドレス全体です。
talk-search-login-in = { $user } として { $method } でログインできました。届いているメッセージ: { $messages } 通
talk-search-login-refused = { $user } として: { $cause }
talk-search-chosen = 見つかりました: { $server }
talk-search-chosen-tls = 最初から TLS を使います (RFC 8314 §3)。平文で送るものは何もありません。
talk-search-chosen-stls = STLS で TLS を始めます (RFC 2595 §4)。サーバーが STLS をやめた場合は接続を終えるため、平文で送るものはありません。
talk-search-chosen-pipelining = PIPELINING (RFC 2449 §6.6): 応答を待たずに次のコマンドを送れるため、大量のメールも速く取得できます。
talk-search-chosen-no-uidl = UIDL (RFC 1939 §7) がありません。取得済みのメールと新着を区別できないため、サーバーから取り去る使い方しかできません。その場合は leave = "never" と書いてください。
talk-search-chosen-delay = LOGIN-DELAY (RFC 2449 §6.5): このサーバーはログインの間隔を { $seconds } 秒以上空けるよう求めており、それに従います。
talk-search-to-question = メールの配送先を指定してください。[{ $to }]
talk-search-write-question = { $path } に書き込みますか? [y/N]
talk-search-keep-question =
    パスワードをどこに保存しますか?
      1  本人だけが読めるファイル
      2  デスクトップのキーリング (secret-tool)
      3  保存せず、毎回入力する
    パスワードを出力するコマンドを入力することもできます (例: pass show mail/work)
    {"[1]"}
talk-search-written =
    { $path } に書き込みました。次の手順:
      watchpost fetch check { $account }
      watchpost fetch { $account }
talk-search-not-written = 何も書き込んでいません。--write を付けると設定ファイルに加えます。
talk-search-comment-srv = { $domain } の SRV レコードから { $date } に検出。
talk-search-comment-settings = { $domain } が公開する設定から { $date } に検出。
talk-search-comment-guess = { $domain } のよく使われる名前から { $date } に検出。
talk-search-comment-mx = { $domain } のメールを受け取るホストから { $date } に検出。

## fetch service

talk-service-next =
    各ファイルを先頭行の場所に置くか、--dir で書き出してください。その後:
      systemctl daemon-reload
      systemctl enable --now { $unit }

## 誤り

error-init-address = { $address } はアドレスではありません。全体を書いてください: watchpost fetch init alice@example.org
error-init-dns = DNS に問い合わせできません: { $cause }。リゾルバーを指定してください: --resolver 192.0.2.1:53
error-init-not-offered = { $domain } は、POP3 を提供していないと DNS で示しています。管理者に確認するか、IMAP を検討してください。
error-init-nobody =
    { $domain } の POP3 サーバーが見つかりません。サーバー名が分かる場合は、アカウントを手で書いてください。[[fetch]] の
    各キーは docs/config.md にあります。事前に POP3 の利用を申し込む必要がある事業者もあります。
error-init-outside =
    応答したのは { $domain } の外にある { $host } だけです。DNS の応答を偽造できる者なら、これを示すことができます。
    正しいサーバーだと分かっている場合は --yes を付けてください。
error-init-exists = { $path } にはアカウント { $account } が既にあるため、変更しません。新しいアカウントに別の --name を付けるか、既存のものを手で変更してください。
error-init-toml = { $path } に書き加えることができません: { $cause }
error-service-asks = { $account } のパスワードは端末やデスクトップで入力する設定ですが、サービスにはどちらもありません。password = "credential:{ $account }" と書き、設定ファイルの隣の credentials フォルダーに置いてください。
error-url-scheme = { $url } はメールドロップの URL ではありません。pop://user@host と書いてください (RFC 2384)。ほかのスキームや相対形式はありません。
error-url-user = { $url } にユーザー名がありません。pop://user@host と書いてください。名前の中の @ などは %40 のように書きます。
error-url-password = { $url } にパスワードが含まれています。コマンドラインは他人にも見えるため、取り除いてください。パスワードは入力を求めるか、--password で場所を指定します。
error-url-mechanism = { $url } は { $mechanism } を求めていますが、対応していません。指定された方式を別の方式で置き換えることはしません (RFC 2384 §4)。AUTH を省くか、;AUTH=* と書いてください。
error-url-form = { $url } はメールドロップの URL ではありません。pop://user;AUTH=mechanism@host:port と書いてください。ユーザー名のほかの文字は % と 2 桁で書きます。
error-url-to = URL には配送先がありません。たとえば --to maildir:/home/alice/Maildir を付けてください。
error-url-stored =
    { $server } のパスワードが必要ですが、入力できる人がいません。ほかのサーバー用に保存されたパスワードは使いません。
    場所を指定してください (例: --password file:/home/alice/.password)
