/**
 * A node's word for a request: by our command, or where upstream's daemon is alone there by openssl, from the file that
 * its tool has written. The key stays on the node.
 */
import { ENDORSEMENT_BEGIN, ENDORSEMENT_END, PURPOSE_TEXT } from '../../certs/endorsement.ts';

/** Prints it; fails without a word where there is no certificate in the directory. */
export function vouchScript(directory: string): string {
  const file = `${directory}/qdevice-net-node.p12`;
  return [
    'd=$(mktemp -d) || exit 1; trap \'rm -rf "$d"\' EXIT',
    'input >"$d/request"',
    `if command -v qdevice >/dev/null && qdevice certs endorse --state ${directory} --request "$d/request" >"$d/word"; then`,
    '  cat "$d/word"',
    '  exit 0',
    'fi',
    `[ -s ${file} ] || exit 1`,
    `open() { openssl pkcs12 -in ${file} -passin pass: -nodes "$@" 2>/dev/null; }`,
    'open -nocerts >"$d/key" && open -nokeys -clcerts | openssl x509 >"$d/word" || exit 1',
    `{ printf '%s\\0' '${PURPOSE_TEXT}'; cat "$d/request"; } | openssl dgst -sha256 -sign "$d/key" >"$d/signature" || exit 1`,
    `cat "$d/word"; echo '${ENDORSEMENT_BEGIN}'`,
    `openssl base64 -in "$d/signature"; echo '${ENDORSEMENT_END}'`,
  ].join('\n');
}
