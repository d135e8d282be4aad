/** What the arbiter's machine is like before anything changes. */
import { type Host, quoted, runOrThrow } from '../host/host.ts';
import { ARBITER_AUTHORITY, ARBITER_STORE, ARBITER_TOOL, ARBITER_UNIT, GUARDS_NAMES } from '../paths.ts';
import { KeyValues } from './key-values.ts';
import { skewMs } from './node-facts.ts';
import { ADDRESSES, CLOCK, contentOf, missing, said, yesNo } from './shell-lines.ts';

export interface ArbiterFacts {
  readonly name: string;
  readonly missingPrograms: readonly string[];
  readonly authorityPem: string | undefined;
  readonly daemonActive: boolean;
  /** Where it listens, if it runs. */
  readonly port: number | undefined;
  /** Addresses from which nodes of a cluster of this name are connected. */
  readonly connectedFrom: readonly string[];
  /** A certificate for a cluster of this name was signed there. */
  readonly nameOnRecord: boolean;
  /** It keeps a name for the cluster that registered it, and gives certificates the days that are asked for. */
  readonly guardsNames: boolean;
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  readonly clockSkewMs: number;
}

const ARBITER_PROGRAMS = ['corosync-qnetd', 'corosync-qnetd-certutil', 'corosync-qnetd-tool', 'systemctl'];

export async function gatherArbiterFacts(host: Host, clusterName: string): Promise<ArbiterFacts> {
  const script = [
    CLOCK,
    missing(ARBITER_PROGRAMS),
    contentOf('authority', ARBITER_AUTHORITY),
    yesNo('active', `systemctl is-active ${ARBITER_UNIT}`),
    said('address0', `${ARBITER_TOOL} -s | sed -n 's/^QNetd address:[[:space:]]*//p'`),
    `${ARBITER_TOOL} -l -v -c ${quoted(clusterName)} 2>/dev/null | sed -n 's/^ *Client address:[[:space:]]*/client=/p'`,
    yesNo('guardsNames', GUARDS_NAMES),
    yesNo(
      'onRecord',
      `{ [ -s ${quoted(`${ARBITER_STORE}/cluster-${clusterName}.crt`)} ] || ${isListed(clusterName)}; }`,
    ),
    ADDRESSES,
    'exit 0',
  ].join('\n');
  const askedMs = Date.now();
  const values = new KeyValues(await runOrThrow(host, 'looking at the arbiter', script));
  const port = /:(\d+)$/.exec(values.first('address0') ?? '')?.[1];
  return {
    name: host.name,
    missingPrograms: values.all('missing'),
    authorityPem: values.decoded('authority'),
    daemonActive: values.is('active'),
    port: port === undefined ? undefined : Number(port),
    connectedFrom: values.all('client'),
    nameOnRecord: values.is('onRecord'),
    guardsNames: values.is('guardsNames'),
    addresses: values.all('address'),
    macs: values.all('mac'),
    clockSkewMs: skewMs(values.first('clock'), askedMs),
  };
}

/** Of an arbiter of ours, that keeps a record of its own of every certificate. */
function isListed(clusterName: string): string {
  const entry = quoted(`"cluster": ${JSON.stringify(clusterName)},`);
  return `{ ${GUARDS_NAMES} && qnetd certs list --json --state ${ARBITER_STORE} | grep -qiF ${entry}; }`;
}
