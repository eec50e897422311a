# Help of the command line. Ids follow the tree of commands.

cli-heading-usage = Usage:
cli-heading-commands = Commands
cli-heading-arguments = Arguments
cli-heading-options = Options
cli-heading-examples = Examples
cli-default = [default: { $value }]
cli-possible-values = [possible values: { $values }]
cli-possible-values-heading = Possible values:

cli-about = A POP3 mail system that shows you who is at the gate
cli-long-about =
    A POP3 mail system that shows you who is at the gate

    One program: a POP3 and POP3S server on Maildirs, with accounts of its own. To
    look around, run the demo; to set up a server, begin with `init`.
cli-examples =
    Look around, nothing to configure:
      watchpost demo

    Set up a server in this folder and run it:
      watchpost init --domain example.org
      watchpost serve

    Add an account, with a password made for it:
      watchpost user add alice --generate
cli-arg-help = Print help: -h in short, --help in full
cli-arg-version = Print version
cli-arg-lang = Language of help and messages; from the locale when absent
cli-arg-lang-value-en = English
cli-arg-lang-value-ja = Japanese

cli-demo-about = Try everything on this machine, nothing to configure
cli-demo-long-about =
    Try everything on this machine, nothing to configure

    Makes a self-signed certificate, the accounts alice and bob, and sample mail,
    listens on loopback, and prints what to try next. Ctrl-C stops it; the data
    stay, and the next run goes on with them.

    For about a minute simulated visitors come from 127.64.0.0/10, so that there
    is something to see in `watchpost report`: people who belong here, scanners,
    guessers, an intruder. They open the maildrop of carol, made for them, alone.
cli-demo-examples =
    The demo with its own mail:
      watchpost demo

    With your mail (.eml files, Maildirs and .mbox files are read, never changed):
      watchpost demo --mail ~/Mail

    On other ports, with the data in a folder of your choice:
      watchpost demo --dir /tmp/demo --pop3 127.0.0.1:2110 --pop3s 127.0.0.1:2995

    Nobody but you:
      watchpost demo --no-visitors

    For a script that wants to know addresses and passwords:
      watchpost demo --no-visitors --json > demo.json
cli-demo-arg-dir = Where the demo keeps its data; $XDG_DATA_HOME/watchpost/demo when absent
cli-demo-arg-mail = Folder with mail to serve instead of the samples: .eml, Maildir, .mbox
cli-demo-arg-pop3 = Where POP3 with STLS listens
cli-demo-arg-pop3s = Where POP3S listens
cli-demo-arg-no-visitors = Let nobody come: without this, simulated visitors come for about a minute
cli-demo-arg-json = Print one JSON object with addresses and accounts once the ports are open

cli-init-about = Write a configuration, a certificate and the first account
cli-init-long-about =
    Write a configuration, a certificate and the first account

    The configuration is commented line by line. The certificate is self-signed,
    good enough to begin with. Files that are there already are never overwritten.
cli-init-examples =
    In this folder, with a password made for the first account and shown once:
      watchpost init --domain example.org

    For the whole machine, the first account being alice:
      watchpost init --dir /etc/watchpost --domain example.org --user alice

    With a password from a file, for scripts:
      watchpost init --password-stdin --json < password.txt
cli-init-arg-dir = Folder to write into
cli-init-arg-domain = The mail domain, such as example.org
cli-init-arg-user = Name of the first account
cli-init-arg-password-stdin = Take the password from the first line of standard input
cli-init-arg-json = Print one JSON object instead of text

cli-serve-about = Run the server
cli-serve-long-about =
    Run the server

    SIGHUP reloads certificate and configuration without ending a session. SIGTERM
    and Ctrl-C stop it: no new connections, and sessions may finish what they are
    doing.
cli-serve-examples =
    With ./watchpost.toml, or else /etc/watchpost/watchpost.toml:
      watchpost serve

    With a configuration of your choice:
      watchpost serve --config /srv/mail/watchpost.toml
cli-serve-arg-config = Configuration; else ./watchpost.toml, else /etc/watchpost/watchpost.toml

cli-check-config-about = Say what is wrong with a configuration, and what it amounts to
cli-check-config-long-about =
    Say what is wrong with a configuration, and what it amounts to

    Shows each mistake with its line and column. If there is none, prints the
    configuration in effect with every default; secrets appear as (set). Exit code
    78 means there are mistakes.
cli-check-config-examples =
    Before a restart:
      watchpost check-config --config /etc/watchpost/watchpost.toml

    For an editor or a script:
      watchpost check-config --json
cli-check-config-arg-config = { cli-serve-arg-config }
cli-check-config-arg-json = Print findings as JSON

cli-user-about = Add, change, remove and list accounts
cli-user-long-about =
    Add, change, remove and list accounts

    A running server sees changes at the next login. Accounts in a passwd-file
    are shown here and changed elsewhere. --config stands before the command, as
    in the second example.
cli-user-examples =
    Add an account; the password is asked for, twice:
      watchpost user add alice

    List the accounts of another configuration:
      watchpost user --config /srv/mail/watchpost.toml list
cli-user-arg-config = { cli-serve-arg-config }

cli-user-add-about = Add an account
cli-user-add-examples =
    Ask for the password, twice:
      watchpost user add alice

    Make a password and show it once:
      watchpost user add alice@example.org --generate

    Take the password from a file, for scripts:
      watchpost user add alice --password-stdin < password.txt
cli-user-add-arg-name = The account: alice, or alice@example.org
cli-user-add-arg-password-stdin = { cli-init-arg-password-stdin }
cli-user-add-arg-generate = Make a password and print it once
cli-user-add-arg-json = Print what was done as JSON

cli-user-passwd-about = Set a new password
cli-user-passwd-examples =
    Ask for the new password, twice:
      watchpost user passwd alice

    Make one and show it once:
      watchpost user passwd alice --generate
cli-user-passwd-arg-name = { cli-user-add-arg-name }
cli-user-passwd-arg-password-stdin = { cli-init-arg-password-stdin }
cli-user-passwd-arg-generate = { cli-user-add-arg-generate }
cli-user-passwd-arg-json = { cli-user-add-arg-json }

cli-user-disable-about = Refuse logins of an account, keep its mail
cli-user-disable-examples =
    Nobody can log in as alice until `watchpost user enable alice`:
      watchpost user disable alice
cli-user-disable-arg-name = { cli-user-add-arg-name }
cli-user-disable-arg-json = { cli-user-add-arg-json }

cli-user-enable-about = Let a disabled account log in again
cli-user-enable-examples =
    The password is the one it had:
      watchpost user enable alice
cli-user-enable-arg-name = { cli-user-add-arg-name }
cli-user-enable-arg-json = { cli-user-add-arg-json }

cli-user-remove-about = Remove an account, keep its mail
cli-user-remove-examples =
    The mail stays where it is, and the command says where:
      watchpost user remove alice
cli-user-remove-arg-name = { cli-user-add-arg-name }
cli-user-remove-arg-json = { cli-user-add-arg-json }

cli-user-list-about = List all accounts
cli-user-list-examples =
    As a table:
      watchpost user list

    For a script:
      watchpost user list --json
cli-user-list-arg-json = Print JSON instead of a table

cli-user-show-about = Show one account
cli-user-show-examples =
    For a reader:
      watchpost user show alice

    For a script:
      watchpost user show alice --json
cli-user-show-arg-name = { cli-user-add-arg-name }
cli-user-show-arg-json = Print JSON instead of text

cli-explain-about = Explain a command, reply, error or other word of POP3
cli-explain-long-about =
    Explain a command, reply, error or other word of POP3

    Commands, replies, errors, response codes, states and capabilities, as a
    textbook would: what each is for, where it is valid, what can go wrong, with
    an example. Without a word, all words are listed.
cli-explain-examples =
    A command:
      watchpost explain RETR

    An error, by its number, its response code or the words it came with:
      watchpost explain E-31
      watchpost explain IN-USE
      watchpost explain locked by another session

    All words:
      watchpost explain

    The generated pages of the textbook:
      watchpost explain --book docs/textbook
cli-explain-arg-word = What to explain, in any case; all words are listed when absent
cli-explain-arg-rest = More of the same: several words are one
cli-explain-arg-json = Print JSON instead of text
cli-explain-arg-book = Write the generated pages of the textbook into this folder

cli-fetch-about = Bring mail from other servers, each message once
cli-fetch-long-about =
    Bring mail from other servers, each message once

    The accounts stand in the configuration, under [[fetch]]; docs/config.md
    describes every key. Into a Maildir, an mbox or an account of this server
    each message arrives exactly once, whatever breaks in between. Mail stays on
    the server unless `leave` says otherwise, and is removed there only once it
    is durable here.

    Exit codes: the worst of all accounts; what passes by itself is less than
    what needs somebody.
      0   all went well, also when there was no mail
      64  the command line is wrong
      65  a message was refused for good, or given up after three failures
      66  there is no configuration
      67  there is no such account
      69  TLS or the server itself does not work; its administrator must act
      71  the system gives too little: open files, threads
      73  the destination or the journal cannot be written
      75  try again later: no connection, another session, a message deferred
      77  no password, or the server does not accept it
      78  the configuration is wrong, or cannot work with this server
cli-fetch-examples =
    Everything that is new, from all accounts, and then from one alone:
      watchpost fetch
      watchpost fetch work

    See whether it would work, and how much there is to fetch:
      watchpost fetch check

    Find the server of an address, and write its account:
      watchpost fetch init alice@example.org

    A maildrop that is in no configuration (RFC 2384):
      watchpost fetch pop://alice@pop.example.org:995 --to mbox:alice.mbox

    Every five minutes, until it is told to stop:
      watchpost fetch --every 5m --quiet

    For a program:
      watchpost fetch --json
cli-fetch-arg-config = Configuration; else ./, ~/.config/watchpost/ or /etc/watchpost/ watchpost.toml
cli-fetch-arg-accounts = Which accounts, or pop://user@host for another one; all of them when absent
cli-fetch-arg-every = Fetch again and again, with this pause: 30s, 5m, 1h
cli-fetch-arg-retry = Try messages again that were given up after three failures
cli-fetch-arg-quiet = Say nothing but what needs somebody
cli-fetch-arg-json = Print one JSON object for each account
cli-fetch-arg-drain = Go on until nothing is left, waiting as long as the server wants between logins
cli-fetch-arg-to = Where the mail of a URL goes, as `to` in the configuration
cli-fetch-arg-password = Where the password of a URL is: file:…, command:…
cli-fetch-arg-tls = What protects the connection of a URL; else implicit on port 995, stls elsewhere
cli-fetch-arg-tls-value-none = Nothing: everybody on the path reads the password
cli-fetch-arg-tls-value-stls = TLS begun by STLS
cli-fetch-arg-tls-value-implicit = TLS from the first octet
cli-fetch-arg-trust = What a URL's server may show: system, first-use, file:…, pins:…
cli-fetch-check-about = Log in and list, and fetch nothing
cli-fetch-check-examples =
    All accounts:
      watchpost fetch check

    One, for a program:
      watchpost fetch check work --json
cli-fetch-check-arg-accounts = { cli-fetch-arg-accounts }
cli-fetch-check-arg-password = { cli-fetch-arg-password }
cli-fetch-check-arg-tls = { cli-fetch-arg-tls }
cli-fetch-check-arg-tls-value-none = { cli-fetch-arg-tls-value-none }
cli-fetch-check-arg-tls-value-stls = { cli-fetch-arg-tls-value-stls }
cli-fetch-check-arg-tls-value-implicit = { cli-fetch-arg-tls-value-implicit }
cli-fetch-check-arg-trust = { cli-fetch-arg-trust }
cli-fetch-check-arg-json = Print JSON
cli-fetch-status-about = Say what was fetched so far, without asking any server
cli-fetch-status-examples =
    All accounts:
      watchpost fetch status
cli-fetch-status-arg-accounts = Which accounts; all of them when absent
cli-fetch-status-arg-json = Print JSON
cli-fetch-service-about = Print the systemd unit that fetches again and again
cli-fetch-service-long-about =
    Print the systemd unit that fetches again and again

    The unit may write to the journals and the destinations of the configured
    accounts and to nothing else, and runs without privileges. Passwords of
    accounts with credential:NAME come from the folder `credentials` beside the
    configuration (LoadCredential=), so that only systemd reads them. Systemd is
    told when the program is ready, how each session went, and that it lives.
cli-fetch-service-examples =
    A service that stays, and fetches every five minutes:
      watchpost fetch service --user alice

    A timer that starts the program every quarter of an hour:
      watchpost fetch service --timer --every 15m --dir /etc/systemd/system
cli-fetch-service-arg-every = The pause between two sessions
cli-fetch-service-arg-timer = A timer that starts the program each time, instead of a service that stays
cli-fetch-service-arg-user = As which user of the system; `watchpost` when absent
cli-fetch-service-arg-dir = Write the files into this folder instead of printing them
cli-fetch-init-about = Find the POP3 server of an address, and write its account
cli-fetch-init-long-about =
    Find the POP3 server of an address, and write its account

    Asks DNS for SRV records (RFC 6186), then the domain's web server for its
    settings, then tries names that are usual and the hosts of MX records. Each
    server must answer under TLS with a certificate for its name before a
    password is said. A server outside the mail domain is used only if you
    agree. What was found is explained, and printed as a [[fetch]] table; with
    --write it goes into the configuration, whose comments stay.

    Without a terminal, no password is asked for: say where it is with
    --password, or hand it over with --password-stdin.
cli-fetch-init-examples =
    With questions, at a terminal:
      watchpost fetch init alice@example.org

    See what would be written, and log in to see that it works:
      watchpost fetch init alice@example.org --dry-run

    For a program, with a password that a command prints:
      watchpost fetch init alice@example.org --password netrc:.netrc --yes --json
cli-fetch-init-arg-address = Whose mail
cli-fetch-init-arg-name = What to call the account; made of the address when absent
cli-fetch-init-arg-to = Where its mail goes, as in the configuration; maildir:~/Maildir when absent
cli-fetch-init-arg-recipient = For whom the mail is, with lmtp: and smtp:
cli-fetch-init-arg-password = Where the password is: file:…, command:…, as in the configuration
cli-fetch-init-arg-password-stdin = Read the password from the first line of standard input, and keep it
cli-fetch-init-arg-keep = Where a password that was typed or read is kept
cli-fetch-init-arg-keep-value-file = In a file beside the configuration that only its owner may read
cli-fetch-init-arg-keep-value-secret-service = In the keyring of the desktop, with secret-tool
cli-fetch-init-arg-keep-value-prompt = Nowhere: it is asked for each time
cli-fetch-init-arg-trust = Which certificates are believed: system, first-use, file:…, pins:…
cli-fetch-init-arg-no-login = Do not log in to see whether it works
cli-fetch-init-arg-write = Write it into the configuration
cli-fetch-init-arg-yes = Say yes to every question, to a server outside the mail domain too
cli-fetch-init-arg-dry-run = Write nothing
cli-fetch-init-arg-json = Print one JSON object instead of text
cli-fetch-init-arg-resolver = Which DNS resolver to ask; those of /etc/resolv.conf when absent
cli-fetch-init-arg-ports = Other ports than 995, 110, 443 and 80, in this order
cli-fetch-import-about = Take over accounts and memory of fetchmail, getmail6 or mpop
cli-fetch-import-long-about =
    Take over accounts and memory of fetchmail, getmail6 or mpop

    Prints the accounts as [[fetch]] tables, for you to look at and to put into
    the configuration, and writes down which messages the other program has
    fetched: the first run fetches none of them again. Nothing of the other
    program is changed. Passwords are not taken over; the tables say where to put
    them.
cli-fetch-import-examples =
    The memory is looked for where the program keeps it:
      watchpost fetch import fetchmail ~/.fetchmailrc > accounts.toml
      watchpost fetch import mpop ~/.mpoprc > accounts.toml

    Or where you say:
      watchpost fetch import getmail ~/.getmail/getmailrc --state ~/.getmail
cli-fetch-import-arg-program = Which program
cli-fetch-import-arg-program-value-fetchmail = fetchmail 6
cli-fetch-import-arg-program-value-getmail = getmail 6
cli-fetch-import-arg-program-value-mpop = mpop
cli-fetch-import-arg-rc = Its configuration
cli-fetch-import-arg-state = What it remembers of messages: a file, or the folder of such files

cli-talk-about = Talk with any POP3 server by hand, each line explained
cli-talk-long-about =
    Talk with any POP3 server by hand, each line explained

    What you type goes to the server; what it means, what the server answers, and
    what could come next is said as you go, with the RFC section. Port 995, which
    is used when no port is named, has TLS from the first octet; other ports begin
    in clear text, where STLS begins TLS. Passwords are hidden wherever they are
    shown, and in clear text they are sent only if you say so. Type help in the
    session. Commands can also come from a script or from standard input: a
    command a line, # begins a comment, "< +OK" says what the last reply should
    begin with, and ${"{"}password{"}"} stands for the password, which is taken from
    --password-file, from WATCHPOST_PASSWORD, or asked for.
    Exit code 0: all as expected, 65: not, 69: no connection, 74: it broke.
cli-talk-examples =
    A session over TLS, and one that begins it with STLS:
      watchpost talk pop.example.org
      watchpost talk pop.example.org --stls

    The demo, whose certificate is its own:
      watchpost talk 127.0.0.1:1110 --insecure

    A script, and its transcript for a document:
      watchpost talk mx --script session.pop3 --password-file pw --no-times

    A file for Wireshark, decrypted, with each line explained:
      watchpost talk 127.0.0.1:1995 --tls --insecure --record session.pcapng
cli-talk-arg-host = Server, with :PORT if it is not 995 (or 110 with --stls)
cli-talk-arg-tls = TLS from the first octet, on any port
cli-talk-arg-stls = Say STLS first; without TLS the session ends
cli-talk-arg-ca = Believe these certificates (PEM) instead of the system's
cli-talk-arg-insecure = Go on whatever is wrong with the certificate
cli-talk-arg-allow-clear = Send secrets in clear text without asking
cli-talk-arg-password-file = { cli-conform-arg-password-file }
cli-talk-arg-script = Take the commands from this file
cli-talk-arg-record = Write a pcapng file for Wireshark, with the keys of this session
cli-talk-arg-full = Show replies of many lines whole
cli-talk-arg-no-times = Leave times out, so that transcripts can be compared
cli-talk-arg-timeout = { cli-conform-arg-timeout }
cli-talk-arg-json = Print JSON Lines; commands come from standard input

cli-conform-about = Ask any POP3 server for what the standards demand
cli-conform-long-about =
    Ask any POP3 server for what the standards demand

    Each check has connections of its own. The table says passed, failed or
    skipped, and explains each failure with its RFC section. With a way to
    deliver, it puts difficult messages into the maildrop; it deletes those alone,
    and only with --allow-delete. Exit code 0: all passed, 65: something failed,
    69: no connection.
cli-conform-examples =
    What can be seen without an account:
      watchpost conform pop.example.org

    Everything, on a test account whose Maildir is at hand:
      watchpost conform mx --user bob --password-file pw --deliver-maildir Mail

    What is asked:
      watchpost conform --list
cli-conform-arg-host = Server, with :PORT if it is not 995 (or 110 without implicit TLS)
cli-conform-arg-tls = What protects the connection
cli-conform-arg-tls-value-none = nothing
cli-conform-arg-tls-value-stls = TLS begun by STLS
cli-conform-arg-tls-value-implicit = TLS from the first octet
cli-conform-arg-user = Account to log in with; without it much is skipped
cli-conform-arg-password-stdin = { cli-init-arg-password-stdin }
cli-conform-arg-password-file = Take the password from the first line of this file
cli-conform-arg-certificate = Believe these certificates (PEM) alone
cli-conform-arg-insecure = Believe any certificate: only on your own machines
cli-conform-arg-deliver-maildir = Maildir of the account, to put test messages into
cli-conform-arg-deliver-command = Shell command that delivers the message on its input
cli-conform-arg-allow-delete = Delete the delivered test messages again, and test deleting
cli-conform-arg-wait-idle = Wait ten minutes to test the inactivity timer
cli-conform-arg-only = Only these requirements, such as P-160,P-161
cli-conform-arg-list = Say what is asked, and ask nothing
cli-conform-arg-timeout = Wait this long for each answer
cli-conform-arg-json = Print JSON instead of a table

cli-bench-about = Put load on a POP3 server and measure what it does
cli-bench-long-about =
    Put load on a POP3 server and measure what it does

    Every answer is compared with every other: STAT with LIST, LIST with the
    octets of RETR, message-numbers with 1, 2, 3. Nothing is deleted. A maildrop
    is used by one session at a time, so there should be more accounts than
    connections. Servers elsewhere than on this machine need --i-own-this-server.
    Latencies of --rate and of a storm count from when a login was due. Exit code
    0: all right, 65: at least one wrong answer or failed session.
cli-bench-examples =
    Logins for ten seconds, eight at a time, on the accounts u1 to u16:
      watchpost bench logins localhost --user u%n --accounts 16 --password-file pw

    Every message of every account in a file of name:password lines:
      watchpost bench drain localhost --users users --in-flight 32 --verify

    What good logins notice of 64 connections that guess passwords:
      watchpost bench storm localhost --users users --rate 50 --duration 20

    Hold 400 sessions for a minute, and look at the server meanwhile:
      watchpost bench idle localhost --users users --connections 400 --duration 60
cli-bench-arg-mode = What to do
cli-bench-arg-mode-value-logins = connect, USER, PASS, STAT, QUIT
cli-bench-arg-mode-value-drain = STAT, UIDL, LIST, and RETR of every message
cli-bench-arg-mode-value-idle = hold sessions open and say when all are held
cli-bench-arg-mode-value-storm = good logins, first alone, then beside wrong passwords
cli-bench-arg-mode-value-big = STAT, UIDL and LIST, for large maildrops
cli-bench-arg-host = { cli-conform-arg-host }
cli-bench-arg-tls = What protects the connections
cli-bench-arg-tls-value-none = { cli-conform-arg-tls-value-none }
cli-bench-arg-tls-value-stls = { cli-conform-arg-tls-value-stls }
cli-bench-arg-tls-value-implicit = { cli-conform-arg-tls-value-implicit }
cli-bench-arg-user = Account; in it, %n stands for 1, 2, 3 and so on
cli-bench-arg-accounts = How many accounts %n stands for
cli-bench-arg-password-stdin = Take their password from the first line of standard input
cli-bench-arg-password-file = Take their password from the first line of this file
cli-bench-arg-users = Accounts with their passwords: lines of name:password
cli-bench-arg-certificate = { cli-conform-arg-certificate }
cli-bench-arg-insecure = { cli-conform-arg-insecure }
cli-bench-arg-resume = Resume TLS sessions; else each handshake is a whole one
cli-bench-arg-connections = Sessions at the same time: 8 logins, 4 drains, 100 idle, 1 big
cli-bench-arg-rate = Logins due per second, whether the server keeps up or not
cli-bench-arg-duration = For how long; in a storm, each of the two phases (10)
cli-bench-arg-count = How many sessions; for drain every account once, for big 1
cli-bench-arg-in-flight = How many RETR wait for their replies; more than 1 need PIPELINING
cli-bench-arg-verify = Take a digest of every message: each maildrop must stay the same
cli-bench-arg-before-login = For idle: hold sessions before their login
cli-bench-arg-attackers = For storm: connections that try wrong passwords
cli-bench-arg-tries = For storm: wrong passwords on each of them
cli-bench-arg-patience = A login that was due so long ago counts as not served
cli-bench-arg-timeout = Wait this long for each answer
cli-bench-arg-i-own-this-server = Put load on a server that is not this machine
cli-bench-arg-json = Print JSON instead of text; for idle first a line when all are held

cli-completions-about = Print completions for a shell
cli-completions-examples =
    For bash, zsh and fish:
      watchpost completions bash > /etc/bash_completion.d/watchpost
      watchpost completions zsh > ~/.zfunc/_watchpost
      watchpost completions fish > ~/.config/fish/completions/watchpost.fish
cli-completions-arg-shell = Which shell
cli-completions-arg-shell-value-bash = GNU Bash
cli-completions-arg-shell-value-elvish = Elvish
cli-completions-arg-shell-value-fish = fish
cli-completions-arg-shell-value-powershell = PowerShell
cli-completions-arg-shell-value-zsh = Zsh

cli-man-about = Print the manual page, or write all of them
cli-man-examples =
    Read the main page:
      watchpost man | man -l -

    Write one page per command:
      watchpost man --dir ~/.local/share/man/man1
cli-man-arg-dir = Write one page per command into this folder

cli-report-about = Say what happened: one sentence, then who, what, and what to do
cli-report-examples =
    The last day:
      watchpost report

    The night:
      watchpost report --since yesterday-20:00 --until today-08:00

    For a program:
      watchpost report --since 7d --json

    A page to keep or to send:
      watchpost report --since 7d --html week.html
cli-report-arg-config = { cli-serve-arg-config }
cli-report-arg-since = From when: 24h, 7d, 20:00, yesterday-20:00, 2026-11-23
cli-report-arg-until = Until when; now when absent
cli-report-arg-json = As one JSON object
cli-report-arg-html = As a page in this file: nothing else is needed to read it

cli-sessions-about = Find sessions in the journal, or export them
cli-sessions-examples =
    The latest:
      watchpost sessions

    Those from a network in which alice was tried:
      watchpost sessions --address 203.0.113.0/24 --account alice

    Those on which a rule fired, and those that go on:
      watchpost sessions --rule B1 --since 7d
      watchpost sessions --open

    Which client uses which version of TLS:
      watchpost sessions --by tls --since 7d
cli-sessions-arg-config = { cli-serve-arg-config }
cli-sessions-arg-since = Begun from then on: 24h, 7d, yesterday-20:00, a date
cli-sessions-arg-until = Begun before then
cli-sessions-arg-address = From this address or network
cli-sessions-arg-account = In which this name was tried
cli-sessions-arg-rule = On which this rule fired
cli-sessions-arg-severity = With a verdict as bad as this, or worse
cli-sessions-arg-severity-value-info = a label
cli-sessions-arg-severity-value-low = noise of the internet
cli-sessions-arg-severity-value-medium = somebody wants to come in
cli-sessions-arg-severity-value-high = somebody may come in
cli-sessions-arg-severity-value-critical = somebody is in, or mail is at risk
cli-sessions-arg-ending = That ended so
cli-sessions-arg-ending-value-quit = QUIT was answered
cli-sessions-arg-ending-value-limit = a limit was met
cli-sessions-arg-ending-value-dropped = closed without a word
cli-sessions-arg-ending-value-peer-closed = the client closed it without QUIT
cli-sessions-arg-ending-value-broken = the connection broke
cli-sessions-arg-ending-value-timeout = nothing was said for too long
cli-sessions-arg-ending-value-handshake-failed = no TLS
cli-sessions-arg-ending-value-read-failed = a message could not be read
cli-sessions-arg-ending-value-shutdown = the server was stopping
cli-sessions-arg-ending-value-refused = too many connections
cli-sessions-arg-ending-value-unknown = nobody saw the end
cli-sessions-arg-open = That go on now
cli-sessions-arg-limit = How many, the latest first
cli-sessions-arg-by = Count them by what they share, instead of listing them
cli-sessions-arg-by-value-tls = version of TLS and client
cli-sessions-arg-by-value-address = address
cli-sessions-arg-by-value-ending = how they ended
cli-sessions-arg-json = As JSON Lines

cli-sessions-export-about = Write sessions and verdicts for other programs
cli-sessions-export-examples =
    Everything of the last week into a file:
      watchpost sessions export --since 7d > sessions.jsonl

    As a table:
      watchpost sessions export --since 7d --format csv > sessions.csv

    For Filebeat, Vector and their like, as it happens:
      watchpost sessions export --since now --follow
cli-sessions-export-arg-since = Begun from then on: 24h, 7d, now, a date
cli-sessions-export-arg-follow = Go on with what comes
cli-sessions-export-arg-format = As what
cli-sessions-export-arg-format-value-jsonl = JSON Lines in the Elastic Common Schema, verdicts too
cli-sessions-export-arg-format-value-csv = a table for spreadsheets, a line for each session

cli-session-about = Show one session, step by step
cli-session-examples =
    As a page of a textbook:
      watchpost session 019abcde1234 --explain

    As a picture:
      watchpost session 019abcde1234 --diagram svg > session.svg
cli-session-arg-config = { cli-serve-arg-config }
cli-session-arg-id = Its name, or the first 8 digits of it or more
cli-session-arg-explain = Say what each line means, and what a mail program would have done
cli-session-arg-diagram = As a diagram
cli-session-arg-diagram-value-txt = text in columns
cli-session-arg-diagram-value-mermaid = a sequence diagram for Mermaid
cli-session-arg-diagram-value-svg = a picture that needs nothing else
cli-session-arg-json = As one JSON object

cli-pcap-about = Write sessions into a file that Wireshark opens
cli-pcap-long-about =
    Write sessions into a file that Wireshark opens

    The file is a pcapng, in which each packet says what it means:
    ① the TCP connection, ② the TLS handshake, ③ the POP3 session, and which
    rule fired on it.

    Without --with-keys the file holds no secret: what was inside TLS is shown on
    port 110, and whatever may be a password is ******. The table [capture] of the
    configuration says how much is kept to be shown; where nothing was recorded,
    the journal tells what it knows. A session that goes on is written as far as
    it has come; its keys are given out when it is over.
cli-pcap-examples =
    One session, without secrets:
      watchpost pcap 019abcde1234 -o night.pcapng

    All sessions of a day on which a rule fired:
      watchpost pcap --rule B1 --since 24h -o guesses.pcapng

    As they crossed the wire, with the TLS keys that open them:
      watchpost pcap --rule B1 --since 24h --with-keys -o forensic.pcapng

    From captures that are encrypted, straight into tshark:
      watchpost pcap 019abcde1234 --identity key.txt -o - | tshark -r - -Y pop
cli-pcap-arg-config = { cli-serve-arg-config }
cli-pcap-arg-id = { cli-session-arg-id }
cli-pcap-arg-output = The file to write; - is standard output
cli-pcap-arg-with-keys = As it crossed the wire, with TLS keys; it is written into the journal that you took them
cli-pcap-arg-yes = Do not ask whether TLS keys are really wanted
cli-pcap-arg-identity = The secret half of the key that captures are encrypted to, as age-keygen writes it
cli-pcap-arg-json = What was written, as one JSON object
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

cli-account-about = Say who tried to enter an account
cli-account-examples =
    The last thirty days:
      watchpost account alice

    The last week, for a program:
      watchpost account alice --last 7d --json
cli-account-arg-config = { cli-serve-arg-config }
cli-account-arg-name = Whose account, whether it exists or not
cli-account-arg-last = How far back: 24h, 7d, a date
cli-account-arg-json = As one JSON object

cli-campaign-about = Show a campaign: many addresses that use one tool
cli-campaign-examples =
    One that the report names:
      watchpost campaign c-7f3a91
cli-campaign-arg-config = { cli-serve-arg-config }
cli-campaign-arg-id = Its name
cli-campaign-arg-json = As one JSON object

cli-rules-about = List the rules, or let them judge the journal again
cli-rules-examples =
    All rules:
      watchpost rules list

    What rule B1 says of the last week, with the configuration as it is now:
      watchpost rules replay B1 --last 7d
cli-rules-arg-config = { cli-serve-arg-config }
cli-rules-arg-json = As JSON Lines

cli-rules-list-about = List the rules
cli-rules-list-examples =
    watchpost rules list

cli-rules-replay-about = Let the rules judge the journal again, and compare
cli-rules-replay-examples =
    What all rules say of the last week:
      watchpost rules replay

    What one rule would have said of the last month:
      watchpost rules replay P1 --last 30d
cli-rules-replay-arg-rule = Which rule, or all
cli-rules-replay-arg-last = How far back verdicts are shown

cli-privacy-about = Say what is held about people
cli-privacy-examples =
    About an account:
      watchpost privacy report alice

    About an address:
      watchpost privacy report 203.0.113.9
cli-privacy-arg-config = { cli-serve-arg-config }

cli-privacy-report-about = Say what the journal holds about an account or an address
cli-privacy-report-examples =
    watchpost privacy report alice
cli-privacy-report-arg-whom = About whom: an account, or an address
cli-privacy-report-arg-json = As one JSON object
