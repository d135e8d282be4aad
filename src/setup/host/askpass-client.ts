/**
 * What ssh runs as SSH_ASKPASS: hands the question to the setup that started ssh, by its private socket, and prints the
 * answer. A secret is thus in no argument list, environment or file.
 */
import { createConnection } from 'node:net';

const socket = createConnection(process.env['QDEVICE_ASKPASS_SOCKET'] ?? '');
let answer = '';
socket.setEncoding('utf8');
socket.on('data', (text: string) => {
  answer += text;
});
socket.on('error', () => {
  process.exitCode = 1;
});
socket.on('end', () => {
  if (answer.startsWith('+')) process.stdout.write(`${answer.slice(1)}\n`);
  else process.exitCode = 1;
});
socket.end(process.argv[2] ?? '');
