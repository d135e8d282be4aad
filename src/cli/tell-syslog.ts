/** One line into the system's log from a short command, so that it is found later as well as on the terminal. */
import { createLog } from '../runtime/log.ts';

const FLUSH_MS_MAX = 1_000;

export async function tellSyslog(ident: string, warning: string): Promise<void> {
  const log = await createLog('info', { kind: 'syslog', ident, debugAsInfo: false });
  log.sink.warn({}, warning);
  await log.flush(FLUSH_MS_MAX);
}
