# What the program prints for people. Log lines are not here: they stay English.

## demo

talk-demo-imported =
    { $messages ->
        [0] No new mail in { $dir }.
        [one] One message taken in from { $dir }.
       *[other] { $messages } messages taken in from { $dir }.
    }
talk-demo-ignored =
    { $files ->
        [one] One other file there is no mail and was left alone.
       *[other] { $files } other files there are no mail and were left alone.
    }
talk-demo-banner =
    Watchpost is running on this machine.

      POP3 (STLS)   { $pop3 }
      POP3S         { $pop3s }

      Account       Password
      alice         { $alice }
      bob           { $bob }

      alice has { $messages ->
        [0] no messages
        [one] one message
       *[other] { $messages } messages
    }, bob has { $bobs ->
        [0] none
        [one] one
       *[other] { $bobs }
    }.
      The data lie in { $dir }
talk-demo-next =
    What to try next, in another terminal:

      Read the first message with curl, over POP3S:
        curl -k pop3s://{ $pop3s }/1 --user 'alice:{ $alice }'

      List the messages with curl, over POP3 with STLS:
        curl --ssl-reqd -k pop3://{ $pop3 }/ --user 'alice:{ $alice }'

      Speak the protocol yourself: USER alice, PASS { $alice }, STAT, LIST, TOP 1 0, QUIT:
        openssl s_client -quiet -crlf -connect { $pop3s }
        openssl s_client -quiet -crlf -starttls pop3 -connect { $pop3 }

      From Python:
        python3 -c "import poplib, ssl; m = poplib.POP3_SSL('{ $host }', { $port }, context=ssl._create_unverified_context()); m.user('alice'); m.pass_('{ $alice }'); print(m.stat()); m.quit()"

    The certificate is self-signed, therefore -k. Ctrl-C stops the demo.
talk-demo-visitors-come =
    For about a minute simulated visitors come from 127.64.0.0/10: people who belong here,
    scanners, guessers, an intruder. They open carol's maildrop alone, which was made for
    them. Next time, --no-visitors keeps them away.
talk-demo-visitors-left =
    The visitors have left: { $connections } connections. What Watchpost made of them:

      Who was here, and what they wanted:
    {"    "}{ $report }

      Their sessions, the serious ones:
    {"    "}{ $sessions }

      The most serious of these, step by step, with what each line means:
    {"    "}{ $session }
talk-demo-stopped =
    Stopped. The data lie in { $dir }
    To go on where you left off: { $command }
    To begin anew, delete that folder first.

## init

talk-init-written =
    Written:
    {"  "}{ $config }  the configuration, commented
    {"  "}{ $certificate }  the certificate, self-signed, for { $domain }
    {"  "}{ $key }  its key, readable for you alone
    {"  "}{ $accounts }  the accounts
talk-init-account = First account: { $name }
talk-init-next =
    What to do next:
      Check the configuration:  watchpost check-config --config { $config }
      Run the server:           watchpost serve --config { $config }
      Add an account:           watchpost user --config { $config } add alice
    Before users come, put a certificate that their programs trust in place of the self-signed one.
talk-init-dns =
    Let mail programs find the server by themselves (RFC 6186): publish in DNS
      _pop3s._tcp.{ $domain }. SRV 0 1 995 mail.{ $domain }.
      _pop3._tcp.{ $domain }.  SRV 10 1 110 mail.{ $domain }.
talk-init-domain-missing = No --domain given: { $domain } is used. Change `domain` in { $config } before users come.

## user

talk-user-added = Account { $name } added. Its mail goes to { $path }
talk-user-password-changed = Password of { $name } changed.
talk-user-disabled = Account { $name } disabled: nobody can log in to it. Its mail stays.
talk-user-enabled = Account { $name } enabled: logins are accepted again.
talk-user-already-disabled = Account { $name } is disabled already.
talk-user-already-enabled = Account { $name } is enabled already.
talk-user-untold =
    Warning: the journal { $path } could not be told of it: { $cause }.
    It still trusts the networks from which { $name } logged in before. Run the command again as the user
    that the server runs as.
talk-user-removed = Account { $name } removed; the mail stays in { $path }
talk-user-generated = Password of { $name }, shown only this once: { $password }
talk-user-none = There are no accounts yet. Add one: watchpost user add NAME
talk-user-none-in-file = There is no account in the file that can be served.
talk-user-label-name = Account
talk-user-label-state = State
talk-user-label-scheme = Password
talk-user-label-mail = Mail
talk-user-label-created = Created
talk-user-label-changed = Changed
talk-user-state-enabled = enabled
talk-user-state-disabled = disabled
talk-user-scheme-none = none: nobody can log in

## explain

talk-explain-kind-command = command
talk-explain-kind-reply = reply
talk-explain-kind-error = error
talk-explain-kind-response-code = response code
talk-explain-kind-state = state
talk-explain-kind-capability = capability
talk-explain-kind-word = word
talk-explain-label-line = The line
talk-explain-label-line-ja = In Japanese
talk-explain-label-connection = Connection
talk-explain-label-states = State
talk-explain-label-takes = Takes
talk-explain-label-answers = Answers
talk-explain-label-errors = Errors with it
talk-explain-label-source = Written in
talk-explain-label-see-also = See also
talk-explain-label-example = Example
talk-explain-end-continues = stays open, and the session goes on
talk-explain-end-closes = is closed by the server
talk-explain-end-limit = stays open, until a limit of attempts is met; then the server closes it
talk-explain-contents-next = To read about one of them: watchpost explain WORD

## fetch

talk-fetch-password = Password of { $account }:{" "}
talk-fetch-clear = { $account }: warning: without TLS everybody on the path reads the password and the mail.
talk-fetch-comma = ,{" "}
talk-fetch-delivered =
    { $messages ->
        [0] no new mail
        [one] 1 new message
       *[other] { $messages } new messages
    }
talk-fetch-known = { $messages } known already
talk-fetch-removed = { $messages } removed from the server
talk-fetch-skipped = { $messages } skipped by rules
talk-fetch-too-large = { $messages } too large
talk-fetch-nameless = { $messages } without a unique-id
talk-fetch-left = { $messages } left on the server
talk-fetch-failed = message { $id } was not fetched: { $cause }
talk-fetch-failed-more = … and { $messages } more; --json names them all
talk-fetch-missized = message { $id } has { $octets } octets; LIST had announced { $listed }
talk-fetch-missized-more = … and { $messages } more messages of another size than LIST had announced
talk-fetch-given-up =
    left alone after three failures: { $ids }
    To try again: watchpost fetch { $account } --retry
talk-fetch-in-doubt = message { $id } may have arrived twice: a crash hid whether it was delivered
talk-fetch-returned =
    { $messages ->
        [one] one message that the server said it had removed is there again
       *[other] { $messages } messages that the server said it had removed are there again
    }
talk-fetch-expire = the server removes mail by itself after { $days } days
talk-fetch-more = there is more; the next run goes on, and --drain waits for it as long as the server wants
talk-fetch-check =
    { $account }: logged in to { $server } by { $method }
      messages      { $messages }, of which new: { $fresh }
      to            { $to }
      key           { $pin }
      capabilities  { $capabilities }
talk-fetch-status =
    { $account }: last fetched { $last }; { $messages ->
        [one] one message of the server is known
       *[other] { $messages } messages of the server are known
    }, given up: { $failed }
talk-fetch-imported =
    { $account }: { $messages ->
        [one] one message
       *[other] { $messages } messages
    } that { $program } has fetched will not be fetched again
talk-fetch-imported-next =
    What to do next: put the tables into { $path },
    say in each where its password is, and look whether it works:
      watchpost fetch check

## conform

talk-conform-passed = passed
talk-conform-failed = FAILED
talk-conform-skipped = skipped
talk-conform-failure =
    { $ids } failed ({ $rfc }): { $asked }
    {"  "}expected  { $expected }
    {"  "}came      { $came }
    {"  "}rule      { $rule }
talk-conform-summary = { $passed } passed, { $failed } failed, { $skipped } skipped (not counted).
talk-conform-insecure = Warning: any certificate is believed. Somebody on the path could read the password.
talk-conform-left = The test messages are still in the maildrop (subject: conform-…). With --allow-delete they are removed.

## bench

talk-bench-sessions = { $sessions } sessions in { $seconds } s: { $rate } per second
talk-bench-messages = { $messages } messages, { $octets } octets: { $rate } messages and { $megabytes } MB per second
talk-bench-latency = session, ms: p50 { $p50 }  p90 { $p90 }  p99 { $p99 }  max { $max }
talk-bench-message-latency = message, ms: p50 { $p50 }  p90 { $p90 }  p99 { $p99 }  max { $max }
talk-bench-digest = digest of all messages: { $digest }
talk-bench-fault = { $kind }: { $count } ({ $first })
talk-bench-holding = { $connections } sessions are held.
talk-bench-held = { $connections } sessions were held.
talk-bench-calm = Good logins alone
talk-bench-storm = Good logins beside wrong passwords, { $refusals } of which were refused per second
talk-bench-ratio = good logins served, storm against calm: { $ratio }
talk-bench-errors = errors: { $errors }

## Prompts

talk-prompt-password = New password for { $name }:
talk-prompt-repeat = Repeat:

## Errors: what is wrong, and what to do

error-passwords-differ = The two passwords differ. Nothing was changed; try again.
error-password-empty = The password is empty. Type one, or let --generate make one.
error-password-line = The password cannot hold a NUL, a line feed or a carriage return: POP3 has no way to send it.
error-password-unasked = There is no terminal to ask for a password on. Use --password-stdin or --generate.
error-password-stdin-empty = Nothing came on standard input. Its first line must be the password.
error-account-exists = There is already an account { $name }. To set a new password: watchpost user passwd { $name }
error-account-unknown = There is no account { $name }. To see all: watchpost user list
error-accounts-elsewhere =
    Accounts are kept in { $path }, which is changed elsewhere: watchpost reads it and never
    writes it. Change the file itself; a running server takes it over at the next login.
error-name-invalid = { $name } cannot be the name of an account: { $reason }.
error-name-reason-empty = it is empty
error-name-reason-long = it is too long
error-name-reason-character = it contains a character that names cannot have
error-name-reason-start = it begins or ends with a dot, or has two in a row
error-domain-invalid = { $domain } is no mail domain. It should look like example.org
error-config-missing =
    There is no configuration. Looked for:
    { $places }
    Make one with `watchpost init`, or say where it is with --config FILE.
error-port-taken =
    { $address } is already in use: another Watchpost or another mail server runs there;
    stop it or choose another address with { $option }
error-port-forbidden =
    { $address } may not be opened: ports below 1024 need a permission. Give it to the program with
      sudo setcap cap_net_bind_service=+ep { $program }
    or choose a port above 1023 with { $option }
error-address-absent =
    { $address } is no address of this machine; choose another one with { $option }
error-listen = { $address } cannot be opened: { $cause }
error-no-mail =
    No mail found in { $dir }: no .eml file, no Maildir (a folder with cur and new), no .mbox file.
    Choose another folder with --mail, or leave --mail out to get the samples.
error-folder-missing = There is no folder { $dir }. Check the spelling, or make it first.
error-not-a-folder = { $dir } is not a folder. Name the folder that the mail is in.
error-import-unreadable = { $path } cannot be read: { $cause }. Check its permissions, or move it away.
error-import-not-mbox = { $path } is no mbox: its first line does not begin with "From ". Move it away, or rename it to .eml if it is one message.
error-import-changed = { $path } has changed while it was read. Wait until nothing writes to it, then try again.
error-book =
    cannot write the pages of the textbook into { $path }: { $cause }
    Name a folder that can be written, such as docs/textbook.
error-explain-unknown = There is no explanation of { $word }. To see all words: watchpost explain
error-explain-similar = There is no explanation of { $word }. Did you mean one of these: { $similar }? To see all words: watchpost explain
error-file-exists = { $path } is there already and is left alone. Move it away, or choose another folder with --dir.
error-file-unwritable = { $path } cannot be written: { $cause }
error-no-data-folder = There is no home folder to keep the data in. Name a folder with --dir.
error-bench-accounts = Say whose maildrops to use: --user NAME with --password-stdin or --password-file FILE, or --users FILE.
error-bench-pattern = --accounts N needs %n in the name, for the number: --user load%n --accounts 16
error-bench-users = { $file }, line { $line }: there is no colon between name and password.
error-bench-elsewhere = { $host } is not this machine. To put load on a server of your own elsewhere, say --i-own-this-server.
error-conform-unknown = There is no check of { $id }. To see all: watchpost conform --list
error-conform-connect = The server cannot be reached: { $cause }
error-conform-password = With --user, say where the password is: --password-stdin or --password-file FILE.
error-conform-control = Name and password must not be empty, and cannot hold control characters: POP3 has no way to send them.
error-fetch-no-config =
    There is no configuration here. I looked for
    { $places }
    Write one with [[fetch]] in it (docs/config.md shows every key), or say where it is: --config FILE
error-fetch-no-accounts = { $path } has no account to fetch from. Add a [[fetch]] table: docs/config.md shows every key.
error-fetch-unknown = There is no account { $name }. There are: { $known }
error-fetch-every = This is no pause. Write, for example, --every 5m; the shortest is a second.
error-fetch-secret = { $cause }. Say with `password` where the password is, and try: watchpost fetch check
error-fetch-login = { $cause }. Check `user` and `password`; some providers want a password made for programs, or the whole address.
error-fetch-later = { $cause }. This passes by itself: the next run tries again.
error-fetch-server = { $cause }. Only the server's administrator can help.
error-fetch-method = { $cause }. Check `tls` and `auth`; with a token, `password` begins with token-command:
error-fetch-tls = { $cause }. Check `server`, and `tls`: port 995 speaks TLS from the first octet (implicit), port 110 after STLS. A certificate of your own is believed with `trust`.
error-fetch-connect = { $cause }. What was delivered stays delivered; the next run goes on.
error-fetch-protocol = { $cause }. What was delivered stays delivered; the next run goes on.
error-fetch-delivery = { $cause }. Nothing is removed from the server before it is durable here.
error-fetch-away = { $cause }. Nothing is removed from the server meanwhile; the next run tries again.
error-fetch-descriptors = { $cause }. The system gives this program too few open files. Raise the limit (`ulimit -n`, or LimitNOFILE= of the service), or fetch fewer accounts at once. What was delivered stays delivered, and nothing is lost; the next run goes on.
error-fetch-running = { $cause }. Wait for it, or end it.
error-fetch-uidl = { $cause }. Write leave = "never" to take the mail away instead.
error-fetch-import = { $path }: { $cause }
