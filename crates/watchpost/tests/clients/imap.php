<?php
// One cell of the matrix with PHP's imap: imap.php TRANSPORT LOGIN PORT CERTIFICATE OPERATION [FOLDER | NUMBER...].
// The password comes on standard input; SSL_CERT_FILE names the certificate. See poplib_cell.py for the operations.
[, $transport, $login, $port, $certificate, $operation] = $argv;
$rest = array_slice($argv, 6);
$password = rtrim(fgets(STDIN), "\n");
// Only the mechanism that is asked for stays; without any, c-client takes USER and PASS.
$others = array_values(array_diff(['PLAIN', 'LOGIN'], [$login]));
$flags = ['plain' => '/notls', 'STLS' => '/tls', 'POP3S' => '/ssl'][$transport];
$mailbox = "{localhost:$port/pop3$flags}INBOX";
imap_timeout(IMAP_OPENTIMEOUT, 60);
imap_timeout(IMAP_READTIMEOUT, 60);
$session = @imap_open($mailbox, 'alice', $password, 0, 1, ['DISABLE_AUTHENTICATOR' => $others]);
if ($session === false) {
    fwrite(STDERR, 'refused: ' . implode('; ', imap_errors() ?: []) . "\n");
    exit(1);
}
$count = imap_num_msg($session);
if ($operation === 'list') {
    for ($number = 1; $number <= $count; $number++) {
        echo $number, ' ', imap_fetch_overview($session, (string) $number)[0]->size, " -\n";
    }
} elseif ($operation === 'fetch') {
    for ($number = 1; $number <= $count; $number++) {
        $message = imap_fetchheader($session, $number, FT_PREFETCHTEXT) . imap_body($session, $number);
        file_put_contents("$rest[0]/$number", $message);
    }
} elseif ($operation === 'delete') {
    foreach ($rest as $number) {
        imap_delete($session, $number);
    }
}
imap_close($session, $operation === 'delete' ? CL_EXPUNGE : 0);
// What is left of the list of errors would be printed.
imap_errors();
imap_alerts();
