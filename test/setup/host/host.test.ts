/** Scripts on a host: what goes in comes out whole, whatever a login shell prints around it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { framedScript } from '../../../src/setup/host/framed-script.ts';
import { HostLost, quoted, runOrThrow } from '../../../src/setup/host/host.ts';
import { LocalHost } from '../../../src/setup/host/local-host.ts';
import { RememberedSecrets } from '../../../src/setup/host/prompts.ts';
import { runInShell } from '../../../src/setup/host/shell-process.ts';
import { sshFailure } from '../../../src/setup/host/ssh-failure.ts';

const host = new LocalHost('here');

test('bytes come back as they were given, of every kind and number', async () => {
  const bytes = fc.uint8Array({ maxLength: 3_000 });
  await fc.assert(
    fc.asyncProperty(bytes, async (input) => {
      const { exitCode, stdout } = await host.run('input', { input });
      assert.equal(exitCode, 0);
      assert.deepEqual(Buffer.from(stdout, 'latin1'), Buffer.from(input));
    }),
    { numRuns: 25 },
  );
});

test('a quoted word is one word, whatever is in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary-ascii' }).filter((word) => !word.includes('\0')),
      async (word) => {
        assert.equal((await host.run(`printf %s ${quoted(word)}`)).stdout, word);
      },
    ),
    { numRuns: 25 },
  );
});

test('exit codes are those of the script, and nothing reads the rest of it', async () => {
  assert.equal((await host.run('exit 7')).exitCode, 7);
  assert.equal((await host.run('cat; echo done')).stdout, 'done\n');
  await assert.rejects(
    runOrThrow(host, 'trying', 'echo no such thing >&2; false'),
    /trying failed on here: no such thing/,
  );
});

test('what is printed around the script is not taken for its answer', async () => {
  const noisy = { hostName: 'noisy', argv: ['sh', '-c', 'echo Welcome; echo "It is late" >&2; sh; echo Bye'] } as const;
  assert.deepEqual(await runInShell(noisy, 'echo answer', {}), {
    exitCode: 0,
    stdout: 'answer\n',
    stderr: 'It is late\n',
  });
});

test('a script that is cut off is lost, not successful', async () => {
  const cut = { hostName: 'cut', argv: ['sh', '-c', 'head -c 40 >/dev/null'] } as const;
  await assert.rejects(runInShell(cut, 'echo answer', {}), HostLost);
  await assert.rejects(host.run('kill -KILL $$; sleep 5'), HostLost);
  await assert.rejects(host.run('sleep 20', { timeoutMs: 300 }), /no answer in time/);
  await assert.rejects(runInShell({ hostName: 'none', argv: ['/nonexistent/sh'] }, 'true', {}), HostLost);
});

test('marks are found only as whole lines, and are new each time', () => {
  const framed = framedScript('true', {});
  assert.equal(framed.read('', ''), undefined);
  assert.equal(framed.read(framed.text, ''), undefined, 'an echo of the script is no answer');
  assert.notEqual(framedScript('true', {}).text, framed.text);
});

test('a password is asked for once, and again only by the host that refused it', async () => {
  const questions: string[] = [];
  const prompts = {
    secret: async (question: string) => {
      questions.push(question);
      return `secret ${questions.length}`;
    },
    confirm: async () => true,
  };
  const secrets = new RememberedSecrets(prompts);
  const both = await Promise.all([
    secrets.secret('nodes', 'one', '1 password? '),
    secrets.secret('nodes', 'two', '2 password? '),
  ]);
  assert.deepEqual(both, ['secret 1', 'secret 1']);
  assert.equal(
    await secrets.secret('arbiter', 'three', '3 password? '),
    'secret 2',
    'another group is not shown the first',
  );
  assert.equal(await secrets.secret('nodes', 'two', '2 password? '), 'secret 3', 'it was refused there');
  assert.equal(await secrets.secret('nodes', 'two', 'Verification code: '), 'secret 4');
  assert.equal(await secrets.secret('nodes', 'four', '4 password? '), 'secret 3', 'a code is no password');
  assert.deepEqual(questions, ['1 password? ', '3 password? ', '2 password? ', 'Verification code: ']);
});

test('the words of ssh tell why there is no connection', () => {
  const kinds = [
    ['root@h: Permission denied (publickey,password).', 'refusedLogin'],
    [
      'No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.',
      'unknownHostKey',
    ],
    [
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nOffending ED25519 key in /root/.ssh/known_hosts:3\nHost key verification failed.',
      'changedHostKey',
    ],
    ['ssh: Could not resolve hostname h: Name or service not known', 'notFound'],
    ['ssh: connect to host h port 22: Connection refused', 'refused'],
    ['ssh: connect to host h port 22: Connection timed out', 'timeout'],
    ['', 'other'],
  ] as const;
  for (const [words, kind] of kinds) assert.equal(sshFailure('h', words).kind, kind);
  assert.match(sshFailure('h', kinds[2][0]).detail, /known_hosts:3/);
});
