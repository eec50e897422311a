### What `talk` says of a session. Texts of the protocol itself are in the catalogue of `watchpost-proto`.

conversation-connected = Connected to { $host } ({ $address }).
conversation-protected = inside TLS
conversation-unprotected = in clear text
conversation-none = none
conversation-clear = Nothing protects this connection: whoever is on the way can read and change it. STLS begins TLS.
conversation-apop-offered = The greeting carries the timestamp { $timestamp }, so APOP is offered.
conversation-apop-impossible = The greeting has no timestamp, so APOP is impossible.

conversation-odd-command = No RFC has this command. A server must answer it with -ERR.
conversation-odd-state = { $verb } is not valid in the { $state } state. A server must answer it with -ERR.
conversation-odd-second-stls = TLS is there already. A server must answer a second STLS with -ERR.
conversation-odd-unannounced = CAPA did not list { $tag }, so { $verb } may be refused.
conversation-odd-long-command = This line has { $octets } octets with its CRLF. More than 255 may be refused.
conversation-odd-long-reply = This reply has { $octets } octets with its CRLF. More than 512 are not allowed.
conversation-odd-line-end = This line ends with a lone LF. Every line must end with CRLF.
conversation-odd-control = There are control characters in this reply. They are shown escaped; a reply is printable text.
conversation-odd-beyond-ascii = This reply goes beyond ASCII, which is allowed only behind UTF8 or LANG.
conversation-odd-status = This is no reply: one begins with +OK or -ERR, in capitals, followed by a space or nothing.
conversation-odd-unannounced-code = There is a response code, but CAPA did not list RESP-CODES.
conversation-odd-code = The response code { $code } is in no RFC that Watchpost knows.
conversation-no-code = There is no response code, so the reason stands in the text alone, which is for people.
conversation-odd-base64 = This challenge is no base64.
conversation-challenge = In plain text: { $decoded }
conversation-challenge-empty = The challenge is empty: the server only says that it is your turn.
conversation-odd-capability = { $tag } is in no RFC that Watchpost knows.
conversation-odd-stls-offered = STLS is offered though TLS is there already.
conversation-odd-clear-sasl = PLAIN or LOGIN is offered in clear text: a password would be readable on the way.
conversation-odd-unasked = Nobody asked for this line.
conversation-odd-repeated = The server repeated a password. It is hidden here; the server may have logged it.
conversation-odd-unfinished = The line above has no end.
conversation-odd-after-quit = The server goes on after QUIT. It should close the connection.
conversation-odd-numbers = This reply should hold two numbers with one space between them.
conversation-odd-listing = { $lines ->
    [one] One line is no message-number with a size.
   *[other] { $lines } lines are no message-number with a size.
}
conversation-odd-count = STAT counted { $stat }, this listing { $list }: they should be the same.
conversation-odd-sum = STAT said { $stat } octets together, the sizes of this listing make { $list }.
conversation-odd-double-id = { $messages ->
    [one] One unique-id comes twice.
   *[other] { $messages } unique-ids come twice.
} A client takes those messages for one (RFC 1939 §7).
conversation-odd-id = { $messages ->
    [one] One unique-id is
   *[other] { $messages } unique-ids are
} not of 1 to 70 printable octets (RFC 1939 §7).
conversation-odd-size = { $announced } octets were announced, and { $octets } came. Some clients cut or refuse such a message.
conversation-odd-bare = { $lines ->
    [one] One line ends with a lone LF; it must be CRLF.
   *[other] { $lines } lines end with a lone LF; it must be CRLF.
}

conversation-ok-user = The name is taken down, nothing more: a careful server says +OK whether or not there is such a user. PASS comes next.
conversation-ok-login = The login succeeded. The maildrop is locked for this session until it ends.
conversation-ok-stls = The server is ready: the next octets on this connection are those of the TLS handshake.
conversation-ok-stat = { $messages ->
    [0] There is no message.
    [one] One message of { $octets } octets.
   *[other] { $messages } messages of { $octets } octets together.
}
conversation-ok-list-one = Message { $number } has { $octets } octets.
conversation-ok-list = { $messages ->
    [0] There is no message.
    [one] One message of { $octets } octets.
   *[other] { $messages } messages of { $octets } octets together.
}
conversation-ok-uidl-one = The unique-id of message { $number }: it stays the same in every session, whatever the number.
conversation-ok-uidl = { $messages ->
    [one] One unique-id.
   *[other] { $messages } unique-ids.
} A client keeps them to tell new mail from old.
conversation-ok-dele = Message { $number } is marked, and still there. Only QUIT removes it; RSET takes the mark back.
conversation-ok-rset = No message is marked any more.
conversation-ok-quit = The server says goodbye and closes the connection.
conversation-ok-quit-removed = { $messages ->
    [one] The marked message is removed for good.
   *[other] { $messages } marked messages are removed for good.
} The server closes the connection.
conversation-ok-lines = { $lines ->
    [one] One line, and a lone dot as the end.
   *[other] { $lines } lines, and a lone dot as the end.
}
conversation-ok-retr = { $octets } octets came in { $lines } lines, and a lone dot as the end. The message stays on the server.
conversation-update-failed = Not every marked message was removed. What is left appears again in the next session.
conversation-folded = { $lines ->
    [one] … one more line of { $octets } octets. `full` shows replies whole from here on.
   *[other] … { $lines } more lines of { $octets } octets. `full` shows replies whole from here on.
}
conversation-stuffed = { $lines ->
    [one] One line of the content begins with a dot, and was sent with one more (dot-stuffing, RFC 1939 §3).
   *[other] { $lines } lines of the content begin with a dot, and were sent with one more (dot-stuffing, RFC 1939 §3).
}
conversation-ask-again = Whatever the server said before TLS does not count any more: ask for CAPA again (RFC 2595 §4).

conversation-tls = { $version }, { $resumed }
conversation-tls-full = a full handshake
conversation-tls-retried = a full handshake in two attempts: the server wanted another key exchange first
conversation-tls-resumed = resumed from an earlier session
conversation-tls-suite = Cipher suite { $suite }: how the octets are encrypted and protected against change.
conversation-tls-group = Key exchange { $group }: both sides made a key for this session alone.
conversation-tls-hybrid = Key exchange { $group }: a key for this session alone, which a quantum computer of the future cannot find either.
conversation-tls-sni = Server name that was sent (SNI): { $sni }
conversation-tls-alpn = Application protocol (ALPN, we offered pop3): { $alpn }
conversation-tls-certificate = Certificate { $place }: { $subject }; issued by { $issuer }; valid from { $from } to { $until }; key { $key }; for { $names }
conversation-tls-pin = Pin of its key, as `pin` of a [[fetch]] account takes it: { $pin }
conversation-tls-believed = The certificate is believed: it is valid today, for this name, and signed by somebody who is trusted.
conversation-no-tls = Nothing protects this connection. STLS begins TLS.
conversation-trouble-expired = The certificate expired on { $until }.
conversation-trouble-not-yet = The certificate is not valid before { $from }.
conversation-trouble-name = The certificate is not for { $wanted }, but for: { $has }
conversation-trouble-self-signed = The certificate has signed itself. Nobody who is trusted says whose it is; --ca FILE would trust it.
conversation-trouble-issuer = Nobody who is trusted has signed the certificate. Its issuer: { $issuer }
conversation-trouble-other = The certificate cannot be believed: { $cause }
conversation-insecure = Going on all the same, as --insecure says. Whoever is on the way may have put himself in between.
conversation-confirm-certificate = Go on in this session all the same? Type yes to go on:{" "}
conversation-injected = { $octets ->
    [one] One octet came
   *[other] { $octets } octets came
} in clear text behind the reply to STLS. Somebody on the way may want it taken for what the server says under TLS (RFC 2595 §4).

conversation-clear-network = The next line holds a secret, and nothing protects the connection: everybody on the way could read it. STLS would protect it.
conversation-clear-loopback = The next line holds a secret, and nothing protects the connection. The server is this very machine, so it crosses no network.
conversation-confirm = Send it in clear text, in this session? Type yes to send it:{" "}
conversation-not-sent = Nothing was sent.
conversation-password-prompt = Password (not shown):{" "}
conversation-password-none = No password was given, and nothing was sent.
conversation-interrupted = Nothing was sent. QUIT ends the session in order; Ctrl-D ends it without QUIT.
conversation-left = The connection is closed, without QUIT. Nothing was removed.
conversation-left-marked = { $messages ->
    [one] The connection is closed, without QUIT: the marked message stays.
   *[other] The connection is closed, without QUIT: the { $messages } marked messages stay.
}
conversation-full-on = Replies are shown whole from here on.
conversation-full-off = Long replies are cut from here on.
conversation-help =
    {"  "}Every line goes to the server as it is typed, except:
    {"  "}login NAME [METHOD]  logs in, in the best way that the server offers, or in yours
    {"  "}explain [WORD]       opens the textbook: explain RETR, explain UPDATE
    {"  "}tls                  shows again what TLS has agreed on
    {"  "}full                 shows long replies whole, or cut again
    {"  "}raw LINE             sends LINE to the server, even if it is one of these
    {"  "}PASS                 alone: asks for the password without showing it
    {"  "}Tab completes what is allowed now. Ctrl-C gives a line up; Ctrl-D ends without
    {"  "}QUIT, so that nothing is removed.

conversation-login-already = You are logged in already.
conversation-login-name = login wants a name: login NAME [METHOD]
conversation-login-unknown = There is no such method. There are: { $methods }
conversation-login-asks = What the server offers is not known yet, so CAPA comes first.
conversation-login-nothing = The server offers no way to log in that is known here. With TLS it may offer more.
conversation-login-chosen = { $method } is the best of the ways that the server offers.
conversation-login-named = { $method }, as you wish.
conversation-login-unbound = Channel binding needs TLS with a certificate that it can be made of.
conversation-method-scram-plus = SCRAM proves that both sides know the password, shows it to neither, and is bound to this TLS connection: it cannot be passed on (RFC 5802, RFC 7677).
conversation-method-scram = SCRAM proves that both sides know the password and shows it to neither (RFC 5802, RFC 7677).
conversation-method-external = EXTERNAL says nothing but the name: the TLS certificate of the client is the proof (RFC 4422 appendix A).
conversation-method-bearer = A bearer token stands for the password; whoever has it is let in until it expires (RFC 7628).
conversation-method-plain = PLAIN sends name and password in one line of base64, which hides nothing: TLS must (RFC 4616).
conversation-method-login = LOGIN asks for name and password one after the other, in base64, which hides nothing. It was never standardised.
conversation-method-user = USER and PASS send name and password as they are: TLS must hide them (RFC 1939 §7).
conversation-method-cram = CRAM-MD5 sends a digest instead of the password. Who reads it can try passwords on it at leisure (RFC 2195).
conversation-method-apop = APOP sends a digest of the greeting's timestamp and the password. Who reads it can try passwords on it at leisure, and MD5 is weak (RFC 1939 §7, RFC 6151).
conversation-sasl-says = In plain text this line says: { $said }
conversation-sasl-nothing = (nothing)
conversation-sasl-given-up = * (the exchange is given up: there is no answer to this challenge)
conversation-sasl-proved = The server has proved that it knows the password too: nobody else answers in its place.

error-talk-file = Cannot read { $path }: { $cause }
error-talk-password = The password is empty, or holds a control character. Give it as the first line of a file.
error-talk-no-password = There is no terminal to ask for a password. Give it with --password-file FILE or in WATCHPOST_PASSWORD.
error-talk-clear = The next line holds a secret, and nothing protects the connection, so it was not sent. Begin TLS with STLS before it, or allow it with --allow-clear.
error-talk-no-stls = The server does not begin TLS, so the session ends here. Without --stls it would go on in clear text.
error-talk-certificate = The certificate is not believed, so the session ends before anything was said. --ca FILE trusts its issuer; --insecure goes on all the same.
error-talk-injected = The session ends here: nothing of what came behind STLS may be believed.
error-talk-turned-away = The server turned the connection away.
error-talk-unproved = The server said +OK without proving that it knows the password. It may be somebody else: the session ends here.
error-talk-unmet = Line { $line } of the script expected "{ $expected }", but this came: "{ $came }"
error-talk-closed = The server closed the connection.
error-talk-silent = The server said nothing for { $seconds ->
    [one] a second
   *[other] { $seconds } seconds
}, so the session ends here. --timeout waits longer.
error-talk-endless = The reply has no end: more than is read of any line or reply has come. The session ends here.
error-talk-broken = The connection broke: { $cause }
error-talk-interrupted = Interrupted. The connection is closed, without QUIT: nothing was removed.
