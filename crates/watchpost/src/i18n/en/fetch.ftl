## fetch init: the search, step by step

talk-search-begin = Looking for the POP3 server of { $address }.
talk-search-srv-heading =
    What { $domain } says in DNS
    A domain can name its mail servers in SRV records (RFC 6186): _pop3s for TLS from
    the first octet, which is preferred (RFC 8314), _pop3 for TLS begun by STLS.
talk-search-srv-found = { $name } names { $server } (priority { $priority }, weight { $weight })
talk-search-srv-none = { $name }: no record
talk-search-srv-refused = { $name }: the target is ".", which means: not offered
talk-search-srv-trouble = { $name }: DNS does not answer: { $cause }
talk-search-settings-heading =
    What { $domain } says to mail programs
    Many domains publish their settings as a small XML file on their web server. What
    comes over https is vouched for by the domain; what comes over http could be anybody's.
talk-search-settings-found = { $place } names { $server }
talk-search-settings-clear = { $place } names { $server } without TLS: not used, since a password would cross in the clear
talk-search-settings-token = { $place } names { $server }, which takes access tokens (OAuth 2.0) instead of passwords
talk-search-settings-none = { $place }: { $cause }
talk-search-guess-heading =
    Names that are usual
    Nothing that { $domain } says leads to a server, so names that others use are tried, and
    the hosts that take its mail (MX records).
talk-search-mx-found = mail for the domain is taken by { $hosts }
talk-search-probe-heading =
    Knocking
    Each server is asked for TLS with a certificate for its name, and then what it can do
    (CAPA, RFC 2449). Nobody's name and no password is said yet.
talk-search-probe-answers = { $server } ({ $tls }) answers; it can: { $capabilities }
talk-search-probe-fails = { $server } ({ $tls }): { $cause }
talk-search-outside-question =
    { $host } does not lie within { $domain }. It was named by { $by }, which somebody on the path
    could have forged. Do you know this server, and may it get your password? [y/N]
talk-search-outside-agreed = { $host } does not lie within { $domain }, and may be used because you say so
talk-search-outside-refused = { $host } does not lie within { $domain }, and is not used
talk-search-login-heading =
    Logging in
    Most servers want the whole address as user name, some only what stands before the @
    (RFC 6186 §4). The connection is under TLS, and the certificate is believed.
talk-search-login-skipped =
    Not logging in: no password was given. Which user name the server wants is not known
    yet; the whole address is what most want.
talk-search-login-in =
    as { $user }: let in, with { $method }; { $messages ->
        [0] no message waits
        [1] one message waits
       *[other] { $messages } messages wait
    }
talk-search-login-refused = as { $user }: { $cause }
talk-search-chosen = Found: { $server }
talk-search-chosen-tls = TLS begins with the first octet (RFC 8314 §3): nothing is ever said in the clear.
talk-search-chosen-stls = TLS is begun by STLS (RFC 2595 §4). A server that stops offering it ends the session; nothing is said in the clear.
talk-search-chosen-pipelining = PIPELINING (RFC 2449 §6.6): commands need not wait for each other's replies, so that a full mailbox comes quickly.
talk-search-chosen-no-uidl = There is no UIDL (RFC 1939 §7): fetched mail cannot be told from new mail, so that it can only be taken away. Write leave = "never" for that.
talk-search-chosen-delay = LOGIN-DELAY (RFC 2449 §6.5): the server wants { $seconds } seconds between two logins, and gets them.
talk-search-to-question = Where should the mail go? [{ $to }]
talk-search-write-question = Write it to { $path }? [y/N]
talk-search-keep-question =
    Where should the password be kept?
      1  in a file that only you may read
      2  in the keyring of the desktop (secret-tool)
      3  nowhere: it is asked for each time
    Or type a command that prints it, such as: pass show mail/work
    {"[1]"}
talk-search-written =
    Written to { $path }. What to do next:
      watchpost fetch check { $account }
      watchpost fetch { $account }
talk-search-not-written = Nothing was written. --write puts it into the configuration.
talk-search-comment-srv = Found { $date } by an SRV record of { $domain }.
talk-search-comment-settings = Found { $date } in the settings that { $domain } publishes.
talk-search-comment-guess = Found { $date } under a usual name of { $domain }.
talk-search-comment-mx = Found { $date } among the hosts that take mail for { $domain }.

## fetch service

talk-service-next =
    Put each file where its first line says, or write them with --dir. Then:
      systemctl daemon-reload
      systemctl enable --now { $unit }

## Mistakes

error-init-address = { $address } is no address. Write it whole: watchpost fetch init alice@example.org
error-init-dns = DNS cannot be asked: { $cause }. Name a resolver: --resolver 192.0.2.1:53
error-init-not-offered = { $domain } says in DNS that it offers no POP3. Ask its administrator, or look for IMAP.
error-init-nobody =
    No POP3 server of { $domain } was found. If you know its name, write the account by hand: docs/config.md shows
    every key of [[fetch]]. Some providers must be told first that POP3 is wanted.
error-init-outside =
    Only { $host } answers, which does not lie within { $domain }: whoever can forge an answer of DNS could have named it.
    If you know that it is right, say so with --yes.
error-init-exists = { $path } has the account { $account } already, and it is left as it is. Give the new one another --name, or change the old one by hand.
error-init-toml = { $path } cannot be added to: { $cause }
error-service-asks = The password of { $account } is asked for at a terminal or a desktop, and a service has neither. Write password = "credential:{ $account }" and put it into the folder `credentials` beside the configuration.
error-url-scheme = { $url } is no URL of a maildrop. Write pop://user@host (RFC 2384); there is no other scheme and no relative form.
error-url-user = { $url } names no user. Write pop://user@host; characters such as @ in a name are written %40.
error-url-password = { $url } would hold a password, and others see command lines. Leave it away: it is asked for, or --password says where it is.
error-url-mechanism = { $url } asks for { $mechanism }, which does not exist here, and a mechanism that is named is not replaced by another (RFC 2384 §4). Leave AUTH away, or write ;AUTH=*
error-url-form = { $url } is no URL of a maildrop. Write pop://user;AUTH=mechanism@host:port; other characters in the user name are written as % and two digits.
error-url-to = A URL does not say where the mail goes. Add, for example, --to maildir:/home/alice/Maildir
error-url-stored =
    A password is needed for { $server }, and nobody is here to be asked. Passwords that are kept for other servers are not used:
    say where it is, for example --password file:/home/alice/.password
