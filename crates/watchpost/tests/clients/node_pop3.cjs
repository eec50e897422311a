// One cell of the matrix with node-pop3: node_pop3.cjs TRANSPORT LOGIN PORT CERTIFICATE OPERATION [FOLDER | NUMBER...].
// The password comes on standard input; NODE_PATH names the folder of the module. See poplib_cell.py for the operations.
'use strict';
const fs = require('fs');
const Pop3 = require('node-pop3').default || require('node-pop3');

const [transport, login, port, certificate, operation, ...rest] = process.argv.slice(2);
const password = fs.readFileSync(0, 'utf8').trimEnd();

/** The octets of a message: the module's own RETR would decode them as UTF-8. */
async function message(session, number) {
  const [, stream] = await session.command('RETR', number);
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function main() {
  if (login !== 'USER' || transport === 'STLS') {
    throw new Error('node-pop3 cannot do that');
  }
  const session = new Pop3({
    user: 'alice',
    password,
    host: '127.0.0.1',
    port: Number(port),
    tls: transport === 'POP3S',
    timeout: 50000,
    tlsOptions: { ca: fs.readFileSync(certificate) },
    // An address is no server name (RFC 6066 §3).
    servername: 'localhost',
  });
  const sizes = await session.LIST();
  if (operation === 'list') {
    const uids = await session.UIDL();
    sizes.forEach(([number, size], place) => console.log(number, size, uids[place][1]));
  } else if (operation === 'fetch') {
    for (const [number] of sizes) {
      fs.writeFileSync(`${rest[0]}/${number}`, await message(session, number));
    }
  } else if (operation === 'delete') {
    for (const number of rest) {
      await session.DELE(number);
    }
  }
  await session.QUIT();
}

main().catch((error) => {
  console.error(`refused: ${error.message}`);
  process.exit(1);
});
