/**
 * Names that can stand in a certificate, a file name and the command lines of every tool on the way. Upstream's scripts
 * put the name into a distinguished name by string, where these characters mean something else; then no request is made
 * and success is reported.
 */
const SPECIAL = /[,+"\\<>;=#/'`$&|*?!(){}[\]~%]/;
/** The most that X.520 lets a common name have. */
const NAME_BYTES_MAX = 64;

/** What is wrong with the name as the end of "The cluster name ..."; undefined: nothing. */
export function clusterNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  const special = SPECIAL.exec(name)?.[0];
  if (special !== undefined) return `contains ${special}`;
  if (/\p{Cc}/u.test(name)) return 'contains a control character';
  if (/^\s|\s$/.test(name)) return 'begins or ends with a blank';
  if (/^[.-]/.test(name)) return `begins with ${name.charAt(0)}`;
  if (new TextEncoder().encode(name).length > NAME_BYTES_MAX) return `is longer than ${NAME_BYTES_MAX} bytes`;
  return undefined;
}
