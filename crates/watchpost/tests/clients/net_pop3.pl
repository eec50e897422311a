# One cell of the matrix with Net::POP3: net_pop3.pl TRANSPORT LOGIN PORT CERTIFICATE OPERATION [FOLDER | NUMBER...].
# The password comes on standard input. See poplib_cell.py for the operations.
use strict;
use warnings;
use Authen::SASL;
use Net::POP3;

my ($transport, $login, $port, $certificate, $operation, @rest) = @ARGV;
chomp(my $password = <STDIN>);
my %tls = (SSL_ca_file => $certificate, SSL_verifycn_name => '127.0.0.1');
my $session = Net::POP3->new('127.0.0.1', Port => $port, Timeout => 60, SSL => $transport eq 'POP3S', %tls)
    or die 'no connection';
if ($transport eq 'STLS') {
    $session->starttls(%tls) or die 'no TLS: ' . $session->message;
}
if ($login eq 'USER') {
    defined $session->login('alice', $password) or die 'refused: ' . $session->message;
} else {
    my %answers = (user => 'alice', authname => '', pass => $password);
    my $sasl = Authen::SASL->new(mechanism => $login, callback => \%answers);
    $session->auth($sasl) or die 'refused: ' . $session->message;
}
my ($sizes, $uids) = ($session->list, $session->uidl);
my @numbers = sort { $a <=> $b } keys %$sizes;
if ($operation eq 'list') {
    print "$_ $sizes->{$_} $uids->{$_}\n" for @numbers;
} elsif ($operation eq 'fetch') {
    for my $number (@numbers) {
        my $lines = $session->get($number) or die 'RETR: ' . $session->message;
        open my $file, '>:raw', "$rest[0]/$number" or die $!;
        print $file @$lines;
        close $file or die $!;
    }
} elsif ($operation eq 'delete') {
    $session->delete($_) or die 'DELE: ' . $session->message for @rest;
}
$session->quit;
