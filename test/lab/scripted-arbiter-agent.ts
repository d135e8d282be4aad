/**
 * The scripted arbiter on a host: port 5403, told what to do by lines on standard input, each answered by one line. Not a
 * test; scripted-arbiter.lab.test.ts starts it.
 */
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Vote } from '../../src/protocol/enums.ts';
import { ScriptedArbiter, type VoteRing } from '../member/scripts/scripted-arbiter.ts';

export type AgentCommand =
  | { readonly do: 'listen'; readonly on: boolean }
  | { readonly do: 'closeConnection' }
  | { readonly do: 'vote'; readonly vote: Vote; readonly ring: VoteRing }
  | { readonly do: 'error'; readonly error: number }
  | { readonly do: 'answerMembership'; readonly vote: Vote }
  | { readonly do: 'answerHeartbeats'; readonly on: boolean }
  | { readonly do: 'answerInit'; readonly code: number }
  | { readonly do: 'look' }
  | { readonly do: 'take' };

export interface AgentAnswer {
  readonly initsHeard: number;
  readonly listsHeard: number;
  readonly frames: readonly string[];
}

const PORT = 5403;
const arbiter = new ScriptedArbiter();
let connection: Socket | undefined;
const server = createServer((socket) => {
  connection = socket;
  arbiter.onConnected();
  socket.setNoDelay(true);
  socket.on('data', (bytes) => {
    for (const answer of arbiter.receive(bytes)) socket.write(answer);
  });
  socket.on('error', () => undefined); // a node that is killed resets it
});

async function perform(command: AgentCommand): Promise<readonly string[]> {
  switch (command.do) {
    case 'listen':
      await new Promise<unknown>((resolve) => {
        if (command.on) server.listen(PORT, '127.0.0.1', () => resolve(undefined));
        else {
          server.close();
          resolve(undefined);
        }
      });
      break;
    case 'closeConnection':
      connection?.destroy();
      break;
    case 'vote':
      connection?.write(arbiter.voteInfo(command.vote, command.ring));
      break;
    case 'error':
      connection?.write(arbiter.serverError(command.error));
      break;
    case 'answerMembership':
      arbiter.membershipVote = command.vote;
      break;
    case 'answerHeartbeats':
      arbiter.answersHeartbeats = command.on;
      break;
    case 'answerInit':
      arbiter.initCode = command.code;
      break;
    case 'look':
      break;
    case 'take':
      return arbiter.take();
  }
  return [];
}

for await (const line of createInterface({ input: process.stdin })) {
  const frames = await perform(JSON.parse(line));
  const { initsHeard, listsHeard } = arbiter;
  console.log(JSON.stringify({ initsHeard, listsHeard, frames } satisfies AgentAnswer));
}
process.exit(0);
