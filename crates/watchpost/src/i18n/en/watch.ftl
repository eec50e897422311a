# What the commands that read the journal say.

## Trouble

error-no-journal =
    There is no journal yet at { $path }.
    Start the server, which writes it, or name its configuration with --config (read: { $config }).
error-foreign-journal =
    { $path } is no journal of Watchpost.
    Look at `journal` in the table [observatory] of { $config }.
error-damaged-journal =
    The journal { $path } is damaged: { $cause }.
    The server sets it aside and begins a new one when it meets the damage; nothing is deleted.
error-unreadable-journal =
    The journal { $path } cannot be read: { $cause }.
    Read it as the user that the server runs as, or let yourself read it.
error-no-moment =
    "{ $text }" is no time.
    Write 24h, 7d, 20:00, today, yesterday-20:00, 2026-11-23 or 2026-11-23T20:00.
error-empty-span = There is no time between { $since } and { $until }: --since must come before --until.
error-no-network =
    "{ $text }" is no address or network: { $cause }.
    Write 203.0.113.9, 203.0.113.0/24 or 2001:db8::/32.
error-no-session-name =
    "{ $id }" is not the beginning of a session's name: that is 8 to 32 hexadecimal digits.
    `watchpost sessions` lists them.
error-no-session =
    There is no session { $id } in the journal. It may be older than the journal reaches back.
    `watchpost sessions` lists those that are there.
error-many-sessions = { $count } sessions begin with { $id }: write more digits of the one you mean.
error-no-campaign =
    There is no campaign { $id } in the journal.
    `watchpost report --since 7d` names those that are there.
error-no-rule =
    There is no rule "{ $rule }".
    `watchpost rules list` names them; `all` means every one.
error-no-secret =
    The key of the journal in { $path } cannot be read: { $cause }.
    Without it the rules cannot judge again as they did. Read it as the user that the server runs as.
error-lists = The list or database { $path } cannot be read: { $cause }.

## Words

talk-severity-info = info
talk-severity-low = low
talk-severity-medium = medium
talk-severity-high = high
talk-severity-critical = critical
talk-sure-low = maybe
talk-sure-medium = likely
talk-sure-high = high
talk-sure-certain = certain
talk-answer-none = left alone
talk-answer-tarpit = slowed
talk-answer-throttle = throttled
talk-answer-keyhole = banned, owner may enter
talk-answer-ban = banned
talk-answer-gate = tool refused


## report

talk-report-quiet = Nobody came.
talk-report-no-guesses =
    Nobody guessed: { $sessions ->
        [one] one connection
       *[other] { $sessions } connections
    } from { $sources ->
        [one] one address
       *[other] { $sources } addresses
    }, { $logins ->
        [0] no login
        [one] one login
       *[other] { $logins } logins
    }.
talk-report-nobody-in =
    No stranger got in: { $guesses ->
        [one] one guess
       *[other] { $guesses } guesses
    } on { $names ->
        [one] one name
       *[other] { $names } names
    } ({ $existing ->
        [0] none exists here
        [one] one exists here
       *[other] { $existing } exist here
    }), and none opened an account.
talk-report-somebody-in =
    { $entered ->
        [one] A stranger may have got into one account
       *[other] Strangers may have got into { $entered } accounts
    }: see below. There { $guesses ->
        [one] was one guess
       *[other] were { $guesses } guesses
    } on { $names ->
        [one] one name
       *[other] { $names } names
    }.
talk-report-totals =
    { $sessions ->
        [one] { $sessions } connection
       *[other] { $sessions } connections
    } · { $sources ->
        [one] { $sources } address
       *[other] { $sources } addresses
    } · { $guesses ->
        [one] { $guesses } guess
       *[other] { $guesses } guesses
    } · { $logins ->
        [one] { $logins } login
       *[other] { $logins } logins
    } · { $banned } would be banned · { $octets } · { $open } open now
talk-report-lost =
    { $lost ->
        [one] One event was
       *[other] { $lost } events were
    } lost, because the disk or the queue was full: the numbers are too small.
talk-report-peak = most from { $at } on: { $count }
talk-report-worst = HOW BAD
talk-report-what = WHAT
talk-report-who = WHO
talk-report-sure = HOW SURE
talk-report-answer = WOULD BE
talk-report-and-others =
    { $others ->
        [one] { $one } and one other
       *[other] { $one } and { $others } others
    }
talk-report-needs-you = This needs you:
talk-report-more = … and { $count } more
talk-report-guessers = Who guessed most (guesses, address):
talk-report-tls = TLS:
talk-report-no-tls = none
talk-report-lists = Lists of addresses:
talk-report-next = →
talk-report-written = Written: { $path }
talk-report-title = Watchpost report
talk-report-what-happened = What happened
talk-report-when = When they came
talk-report-tls-clients = TLS and clients (JA4)
talk-report-look = To look closer, in a terminal
talk-report-made = Written by Watchpost { $version }. This page loads nothing from elsewhere.

## sessions

talk-sessions-none = No session is like that.
talk-sessions-more = These are the latest { $count }; --limit shows more.
talk-sessions-id = SESSION
talk-sessions-begun = BEGUN
talk-sessions-took = SECONDS
talk-sessions-from = FROM
talk-sessions-to = TO
talk-sessions-tls = TLS
talk-sessions-account = ACCOUNT
talk-sessions-logins = OK/FAILED
talk-sessions-ended = ENDED
talk-sessions-worst = VERDICT
talk-sessions-count = SESSIONS
talk-sessions-by = WHAT

## session

talk-session-time = time
talk-session-client = client
talk-session-server = server
talk-session-meaning = what it means
talk-session-more = … { $count } more steps; --explain shows them all
talk-session-unrecorded =
    { $count ->
        [one] One further event was
       *[other] { $count } further events were
    } too many to be written down.
talk-session-verdicts = What the rules say:
talk-session-no-false-alarm = Why not a false alarm: { $why }
talk-session-normal = What a mail program would have done:

talk-step-separator = {", "}
talk-step-opened = TCP connection
talk-step-opened-pop3s = to a port where TLS begins at once (RFC 8314 §3.1)
talk-step-opened-pop3 = to a port that begins in the clear; the server greets first (RFC 1939 §4)
talk-step-hello = ClientHello
talk-step-hello-name = ClientHello for { $name }
talk-step-hello-means = wants TLS and names the server it means (RFC 6066 §3)
talk-step-hello-nameless = wants TLS and names no server: a program rather than a mail client, which sends the name
talk-step-tls = keys are agreed; from here on nobody on the path can read along (RFC 8446 §2)
talk-step-tls-resumed = an earlier TLS session goes on (RFC 8446 §2.2); from here on nobody can read along
talk-step-tls-failed = no TLS
talk-step-tls-alert = the client refused with alert { $alert } (RFC 8446 §6.2): it does not trust the certificate, say
talk-step-tls-version = it offers no version of TLS that is safe today
talk-step-tls-nothing = it has no cipher suite, group or signature in common with us
talk-step-tls-alpn = it wants to speak another protocol than POP3 inside TLS
talk-step-tls-not = what came is no TLS
talk-step-tls-closed = the client went away
talk-step-tls-timeout = it took too long
talk-step-tls-other = the handshake did not succeed
talk-step-clear-pop3 = POP3 in the clear where TLS must begin: the client is set up for another port
talk-step-foreign = this is { $language }, not POP3
talk-step-notice = noticed
talk-step-unknown = no command of POP3
talk-step-data = an answer to the server's challenge
talk-step-message = message { $number }, { $octets } octets
talk-step-octets = { $octets } octets
talk-step-login = login
talk-step-login-accepted = the password is right: the maildrop is open (RFC 1939 §5)
talk-step-login-refused = wrong name or password
talk-step-login-disabled = the password is right, but the account is disabled
talk-step-login-as-another = the password is right, but it wants to act as somebody else
talk-step-login-in-use = the password is right, but another session has the maildrop
talk-step-login-unavailable = the login could not be completed: something of ours failed
talk-step-guess = attempt { $number }
talk-step-account-known = the account exists
talk-step-account-unknown = there is no such account
talk-step-password = a password of { $length } octets
talk-step-password-common = one of the most common
talk-step-password-default = one that comes with devices, or made of the name
talk-step-password-repeat = the same as before
talk-step-previous = old password
talk-step-previous-means = this password was right until its owner changed it: it has leaked, or a device still has it
talk-step-closed = end

talk-notice-behind-stls =
    { $octets ->
        [one] one octet
       *[other] { $octets } octets
    } came in the clear behind STLS: somebody wants to be obeyed inside TLS
talk-notice-hello-behind-stls = the TLS handshake came before the answer to STLS
talk-notice-foreign = the client does not speak POP3
talk-notice-line-too-long = a line was longer than allowed (RFC 2449 §4)
talk-notice-bad-commands = too many bad commands in a row
talk-notice-failed-logins = too many failed logins
talk-notice-idle = no command for too long
talk-notice-login-timeout = no login for too long

talk-ending-quit = QUIT was answered: all is done (RFC 1939 §6)
talk-ending-limit = the server closed the connection: a limit was met
talk-ending-dropped = the server closed the connection without a word
talk-ending-peer-closed = the client closed the connection without QUIT: nothing was removed
talk-ending-broken = the connection broke, or the client took nothing for too long
talk-ending-timeout = the client said nothing for too long
talk-ending-handshake-failed = there was no TLS, and so no session
talk-ending-read-failed = a message could not be read to its end
talk-ending-shutdown = the server was stopping
talk-ending-refused = there were too many connections

talk-normal-foreign = It speaks POP3.
talk-normal-server-name = It names the server in its ClientHello (SNI).
talk-normal-tls = It begins TLS with STLS before it says a password.
talk-normal-passwords = It tries the password it was given, then asks its user; it does not try one after another.
talk-normal-line-end = It ends its lines with CR LF (RFC 1939 §3).
talk-normal-commands = It says commands of POP3 alone.
talk-normal-quit = It says QUIT and waits for the answer.
talk-normal-silent = It logs in: it does not only look at the greeting.

## account

talk-account-nothing = Nobody tried { $name } in this time.
talk-account-exists = { $name } exists.
talk-account-unknown = There is no account { $name }; somebody tried it nevertheless.
talk-account-last-login = Last login { $at } from { $source }.
talk-account-guesses =
    { $guesses ->
        [one] One guess
       *[other] { $guesses } guesses
    } by { $strangers ->
        [one] one stranger who never got in.
       *[other] { $strangers } strangers who never got in.
    }
talk-account-stranger-in =
    ! { $at } from { $source }: a login from where the owner is not at home, with { $guesses ->
        [0] no wrong password
        [one] one wrong password
       *[other] { $guesses } wrong passwords
    } from there. If that was not you, change the password.
talk-account-typos =
    { $typos ->
        [one] One wrong password
       *[other] { $typos } wrong passwords
    } came from where the owner logs in.
talk-account-on-lists =
    { $lists ->
        [one] One of the passwords stands
       *[other] { $lists } of the passwords stand
    } on public lists: whoever tried knows the list, not you.
talk-account-homes = At home in { $homes }.
talk-account-change-password = { $at }  The password was changed. Where the owner logged in before is trusted no longer.
talk-account-change-disabled = { $at }  The account was disabled. Where the owner logged in before is trusted no longer.
talk-account-change-enabled = { $at }  The account was enabled again.
talk-account-change-removed = { $at }  The account was removed, and what was usual for it forgotten.
talk-account-previous =
    ! { $at } from { $source }: the OLD password was tried, which was right until it was changed. It is known somewhere. The present one is not affected.
talk-account-guessed = GUESSES
talk-account-repeats = REPEATED
talk-account-logins = LOGINS
talk-account-last = LAST
talk-account-from = FROM

## campaign

talk-campaign =
    Campaign { $id }: { $addresses ->
        [one] one address
       *[other] { $addresses } addresses
    }, { $guesses ->
        [one] one guess
       *[other] { $guesses } guesses
    }, from { $first } to { $last }.
talk-campaign-tools = How it speaks:
talk-campaign-addresses = Addresses (sessions):

## rules

talk-rules-id = RULE
talk-rules-severity = HOW BAD
talk-rules-name = WHAT
talk-rules-techniques = ATT&CK
talk-replay =
    Judged again, the journal gives { $verdicts ->
        [one] one verdict
       *[other] { $verdicts } verdicts
    }, { $severe } of them high or critical; { $same ->
        [one] one is as it was stored
       *[other] { $same } are as they were stored
    }. + marks those that are new.
talk-rules-off = off
talk-rules-numbers = Numbers in force. * marks what the configuration changed, with its default behind. Tables of [observatory] in the configuration set them: docs/config.md.
talk-replay-later = later came in from there: { $accounts }
talk-replay-refused =
    With this configuration { $guesses ->
        [one] one guess
       *[other] { $guesses } guesses
    } and { $logins ->
        [0] no login
        [one] one login
       *[other] { $logins } logins
    } that succeeded would have been refused.
talk-replay-login = { $at }  { $account } from { $address } would have been kept out

## privacy

talk-privacy-nothing = No session in { $journal } is about { $whom }.
talk-privacy-sessions =
    { $sessions ->
        [one] One session in { $journal } is
       *[other] { $sessions } sessions in { $journal } are
    } about { $whom }, from { $first } to { $last }: addresses, times, commands, names that were tried, TLS fingerprints.
talk-privacy-verdicts =
    { $verdicts ->
        [one] One verdict speaks
       *[other] { $verdicts } verdicts speak
    } of them.
talk-privacy-homes =
    { $homes ->
        [one] One network is
       *[other] { $homes } networks are
    } remembered as a place to log in from: its first and last login, how many, and the program. It goes 90 days after the last login, or with a new password.
talk-privacy-bans =
    { $bans ->
        [one] One ban is
       *[other] { $bans } bans are
    } remembered: the network, its times, and how many there were. It goes 30 days after its end.
talk-privacy-captures = What was said in { $captured } of these sessions lies in { $folder }, until [capture] retention has passed. It holds no passwords, unless it was recorded with mode = "full": then it holds those that were tried.
talk-privacy-kept = No password is held in the journal: of a wrong one only its rough length, its kinds of characters, and 16 bits that tell same from different for a day. Sessions go after { $days } days, whole addresses after 30, verdicts after 400. Mail and accounts are not part of this report.

## pcap

error-pcap-off =
    No files for Wireshark are made: `mode` in the table [capture] of { $config } is "off".
    Set it to "metadata", or to "redacted" to have what was said.
error-pcap-no-sessions =
    There is no such session in the journal.
    `watchpost sessions` takes the same filters and shows what there is.
error-pcap-no-keys =
    No TLS keys are held of these sessions.
    Keys are kept only while [capture] has mode = "full", of sessions that a rule names or that are asked for within a minute of their end, and of sessions with a successful login only with include_authenticated = true.{ $open ->
        [0] {""}
       *[other] {" "}Keys of a session that goes on are not given out before its end: it may yet log in.
    } Without --with-keys there is a file without secrets.
error-pcap-unasked = There is no terminal to ask on. If you want TLS keys in a file, say --yes.
error-pcap-declined = Nothing was written.
error-pcap-audit =
    It cannot be written into the journal that keys are taken out: { $cause }.
    Without that nobody gets them. Do it as the user that the server runs as.
error-pcap-identity =
    { $path } holds no key that opens captures: { $cause }.
    It is a file as age-keygen writes it, with a line that begins with AGE-SECRET-KEY-1.
error-pcap-locked =
    The capture of session { $id } is encrypted.
    Name the file with the secret half of `recipient`: --identity FILE
error-pcap-key =
    The capture of session { $id } does not open with this key: { $cause }.
    It was encrypted to what was `recipient` in [capture] at the time.
error-pcap-unreadable =
    The capture of session { $id } cannot be read: { $cause }.
    Read it as the user that the server runs as; if it is damaged, remove it, and the journal tells what it knows.
talk-pcap-section = Made by Watchpost, { $at }. A server's sockets saw this; TCP and IP headers are reconstructed. No passwords and no TLS keys are in it: whatever may be a secret is ******.
talk-pcap-section-keys = HOLDS TLS KEYS AND WHAT WAS TYPED, passwords that were tried included. Made by Watchpost, { $at }; that it was made is in the journal. A server's sockets saw this; TCP and IP headers are reconstructed. { $wire } sessions are as they crossed the wire. Before you pass it on: editcap --discard-all-secrets
talk-pcap-section-plain = { $plain } sessions are shown on port 110 as they were inside TLS.
talk-pcap-section-journal = { $journal } sessions were not recorded: they are made from the journal, which knows what was said but not the words of replies.
talk-pcap-interface = synthesised from application sockets; TCP and IP headers are reconstructed
talk-pcap-tcp = ① TCP connection: { $meaning }
talk-pcap-tls = ② TLS handshake: { $said }. { $meaning }
talk-pcap-tls-inside = ② TLS handshake: { $said }. { $meaning } This file shows what was said inside, without TLS.
talk-pcap-pop3 = ③ POP3 session, { $state }: { $meaning }
talk-pcap-step = { $state }: { $meaning }
talk-pcap-note = { $said }: { $meaning }
talk-pcap-verdict = ▲ { $rule } ({ $severity }, ATT&CK { $techniques }): { $sentence }
talk-pcap-port = The server's port was { $from }; it is shown as { $to }, which Wireshark knows.
talk-pcap-from-journal = This session was not recorded: it is made from the journal, which does not know the words of replies.
talk-pcap-cut = The recording ends here (capture.session_max), the session did not.
talk-pcap-open = The session had not ended when this was written: what came after is not in here.
talk-pcap-go-on =
    { $open ->
        [one] One session goes on, and is in the file as far as it has come. Ask again when it is over
       *[other] { $open } sessions go on, and are in the file as far as they have come. Ask again when they are over
    }: `watchpost sessions --open` shows what is not.
talk-pcap-warning =
    This file will hold the TLS keys of { $sessions ->
        [one] one session
       *[other] { $sessions } sessions
    } and what was typed in them, mail and passwords included; { $accounts ->
        [0] no account that exists was tried
        [one] one account that exists was tried
       *[other] { $accounts } accounts that exist were tried
    } in them. It goes into the journal that you took them.
talk-pcap-confirm = Continue? [y/N]
talk-pcap-wrote =
    { $file }: { $sessions ->
        [one] one session
       *[other] { $sessions } sessions
    }, { $packets } packets, { $secrets } with their keys. Open it in Wireshark and filter: pop || frame.comment
talk-pcap-hint = { $journal } of them are made from the journal. With [capture] mode = "redacted" the next ones hold what was said.
talk-pcap-tip =
    To pass it on without the keys: editcap --discard-all-secrets { $file } share.pcapng
talk-report-keys =
    { $at }  user { $uid } took out the TLS keys of { $secrets ->
        [one] one session
       *[other] { $secrets } sessions
    }, into { $file }
talk-report-keys-taken = TLS keys that were taken out of captures:
