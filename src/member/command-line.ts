/**
 * The words of a heuristics command. There is no shell: blanks separate, double quotes group, a backslash takes the
 * next character as it is (between quotes only before a quote or itself), single quotes and variables mean nothing, and
 * an empty word ends the command. Source: corosync-qdevice(8) and corosync-qdevice 3.0.3 as it runs them.
 */
import { ipcWords } from '../status/ipc-words.ts';

/** Empty: the line holds no command. A line break is a blank here. */
export function commandWords(line: string): readonly string[] {
  return ipcWords(line.replace(/[\r\n]/g, ' '));
}
