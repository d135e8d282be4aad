/** What was decided and why, with the world's time: printed for a run that failed. */
import type { Report } from '../../src/arbiter/reports.ts';
import type { MemberReport } from '../../src/member/effects.ts';
import type { VirtualTime } from './virtual-time.ts';

const NOISE: ReadonlySet<string> = new Set(['connecting', 'connected']);

export class DecisionLog {
  readonly lines: string[] = [];
  #time: VirtualTime | undefined;

  use(time: VirtualTime): void {
    this.#time = time;
  }

  line(text: string): void {
    const seconds = ((this.#time?.nowMs() ?? 0) / 1000).toFixed(3);
    this.lines.push(`${seconds.padStart(10)} s  ${text}`);
  }

  arbiter(report: Report): void {
    if (!NOISE.has(report.what)) this.line(`arbiter   ${inWords(report)}`);
  }

  node(nodeId: number, report: MemberReport): void {
    if (!NOISE.has(report.what)) this.line(`node ${nodeId}    ${inWords(report)}`);
  }
}

function inWords({ what, ...rest }: Report | MemberReport): string {
  const words = Object.entries(rest).filter(([name, value]) => name !== 'cluster' && value !== undefined);
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  return [what, ...words.map(([name, value]) => `${name}=${JSON.stringify(value, plain)}`)].join(' ');
}
