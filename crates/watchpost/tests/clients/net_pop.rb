# One cell of the matrix with net-pop: net_pop.rb TRANSPORT LOGIN PORT CERTIFICATE OPERATION [FOLDER | NUMBER...].
# The password comes on standard input. See poplib_cell.py for the operations.
require "net/pop"

transport, login, port, certificate, operation, *rest = ARGV
password = $stdin.gets.chomp
abort "net-pop cannot do that" if login != "USER" || transport == "STLS"
session = Net::POP3.new("127.0.0.1", Integer(port))
session.enable_ssl(verify_mode: OpenSSL::SSL::VERIFY_PEER, ca_file: certificate) if transport == "POP3S"
session.read_timeout = 60
begin
  session.start("alice", password)
rescue Net::POPAuthenticationError => refusal
  abort "refused: #{refusal.message}"
end
case operation
when "list"
  session.mails.each { |mail| puts "#{mail.number} #{mail.length} #{mail.unique_id}" }
when "fetch"
  session.mails.each { |mail| File.binwrite("#{rest[0]}/#{mail.number}", mail.pop) }
when "delete"
  rest.each { |number| session.mails[Integer(number) - 1].delete }
end
session.finish
