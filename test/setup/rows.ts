/**
 * Every row of the table of failures that setup knows (F1 to F13 before anything changes, F20 to F28 over SSH, F40 to F52
 * with certificates, F60 to F73 once the device runs), and the tests that make it true: file, and words of the title.
 * Rows that are upstream's behaviour and cannot occur here say so, and name the test that shows it.
 */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

const OBSTACLES = 'test/setup/lab/obstacles.ts';
const FINDINGS = 'test/setup/findings.lab.test.ts';
const PROGRAMS = 'test/setup/lab/programs.ts';
const STRANGERS = 'test/setup/strangers.lab.test.ts';
const obstacle = (title: string): Proof => ({ file: OBSTACLES, title });
const running = (title: string): Proof => ({ file: FINDINGS, title });
const said = (title: string): Proof => ({ file: PROGRAMS, title });

export const ROWS: Readonly<Record<string, readonly Proof[]>> = {
  F1: [obstacle('F1: a node is offline')],
  F2: [
    obstacle('F2: no configuration of corosync'),
    obstacle('F2: a configuration that corosync would refuse'),
    obstacle('F2: an empty configuration'),
    obstacle('F2: a configuration that is huge'),
    obstacle('F2: a configuration that cannot be written'),
  ],
  F3: [running('F3, F23, F25, F26: by name and without SFTP it goes through')],
  F4: [running('F4: a device that is configured')],
  F5: [obstacle('F5: an odd number of nodes')],
  F6: [obstacle('F6: keys that conflict'), obstacle('F6: more than one vote of a node')],
  F7: [obstacle('F7: certificates of another authority')],
  F8: [obstacle('F8: a program is missing on a node')],
  F9: [obstacle('F9: the programs are missing on the arbiter')],
  F10: [obstacle('F10: a name that no certificate can have')],
  F11: [
    obstacle('F11: a name that is registered'),
    { file: STRANGERS, title: 'F11: a cluster of the same name that is connected' },
  ],
  F12: [obstacle('F12: the arbiter is a node'), obstacle('F12: the arbiter is a guest of a node')],
  F13: [obstacle('F13: a network that the arbiter is not in')],
  F20: [obstacle('F20: the arbiter refuses the login')],
  F21: [
    obstacle('F21: an unknown host key of a node'),
    obstacle('F21: an unknown host key of the arbiter'),
    obstacle('F21: a changed host key of the arbiter'),
  ],
  F22: [obstacle('F22: no key of SSH')],
  // Nothing is copied: scripts and files travel by the standard input of a shell. Hosts of the lab have no SFTP.
  F23: [running('F3, F23, F25, F26: by name and without SFTP'), obstacle('F23: nobody is there')],
  F24: [
    { file: 'test/setup/plan/run-plan.test.ts', title: 'of runs that begin at once on several nodes one goes on' },
    { file: 'test/setup/at-once.lab.test.ts', title: 'F24: from two nodes of a cluster and from another cluster' },
  ],
  // No fixed name in /tmp is read or written, and no key leaves its node.
  F25: [running('F3, F23, F25, F26: by name and without SFTP')],
  F26: [
    running('F3, F23, F25, F26: by name and without SFTP'),
    { file: 'test/setup/killed.lab.test.ts', title: 'remove leaves nothing, and setup run again gets to its end' },
  ],
  // The arbiter of that test begins with an empty directory; by itself it makes its certificates at the first start.
  F27: [
    { file: 'test/setup/killed.lab.test.ts', title: 'remove leaves nothing, and setup run again gets to its end' },
    { file: 'test/qnetd/main.test.ts', title: 'any user: an empty home gets authority, certificate and run directory' },
  ],
  F28: [
    obstacle('F28: a login that ends early'),
    obstacle('F28: a login that prints without end'),
    obstacle('F28: a login whose shell answers with garbage'),
    { file: 'test/setup/host/host.test.ts', title: 'what is printed around the script is not taken for its answer' },
  ],
  F40: [running('F40: an arbiter that was set up anew')],
  F41: [
    running('F41, F50: the next setup replaces the certificates'),
    { file: 'test/cli/certutil-node.debian.test.ts', title: 'of an arbiter that was set up anew are refused' },
  ],
  F42: [
    said('F42: a node whose directory holds no certificates'),
    said('F42: an arbiter whose directory holds no certificates'),
    { file: 'test/certs/node-identity.debian.test.ts', title: 'a directory without certificates holds nothing' },
  ],
  F43: [
    said('F43: an arbiter whose server key is missing'),
    { file: 'test/certs/nss-database.debian.test.ts', title: 'a database without one of the certificates is told' },
    { file: 'test/certs/identity.test.ts', title: 'a file taken away is missed by name' },
    { file: 'test/qnetd/refused-start.test.ts', title: 'F43: a server certificate or key that is missing' },
  ],
  F44: [
    said('F44: a key that the user of the arbiter may not read'),
    { file: 'test/qnetd/refused-start.test.ts', title: 'F44: a key that the user of the service may not read' },
  ],
  F45: [running('F45: those of another cluster')],
  F46: [running('F46: none at all')],
  F47: [
    obstacle('F47: a clock that is wrong'),
    {
      file: 'test/certs/identity-checks.debian.test.ts',
      title: 'with a clock that is far behind it serves with a note',
    },
    { file: 'test/certs/identity-checks.debian.test.ts', title: 'an expired server certificate is only noted' },
  ],
  // Ours have random numbers; upstream's arbiter counts.
  F48: [
    { file: STRANGERS, title: 'F48: a certificate with the number of another one' },
    { file: 'test/certs/issue.debian.test.ts', title: 'serials are positive, 128 bits long, and never the same' },
    { file: 'test/certs/sign-cluster.debian.test.ts', title: 'with serials of their own' },
  ],
  F49: [
    said('F49: an authority with a short key'),
    said('F49: a node whose certificates have short keys'),
    {
      file: 'test/certs/identity-checks.debian.test.ts',
      title: 'certificates that nodes would refuse are refused at start',
    },
    { file: 'test/certs/request.debian.test.ts', title: 'a key that is short or not RSA is refused' },
  ],
  F50: [
    running('F41, F50: the next setup replaces the certificates and restarts the daemons'),
    { file: 'test/qdevice/daemon.test.ts', title: 'new ones count at the next connection' },
  ],
  F51: [
    { file: 'test/packages/pcs.lab.test.ts', title: 'pcs sets a device up with our arbiter, changes it' },
    { file: 'test/cli/certutil-qnetd.debian.test.ts', title: "-i makes an authority, prints upstream's lines, and" },
  ],
  F52: [
    said('F52: what is no certificate request'),
    { file: 'test/cli/certutil-qnetd.debian.test.ts', title: 'where upstream reports a success that is none, this' },
  ],
  F60: [obstacle('F60: a node cannot reach the port')],
  F61: [running('F61: a vote that does not count')],
  F62: [running('F62: a node without its service')],
  F63: [
    said('F63: an odd number of nodes under ffsplit'),
    { file: 'test/setup/rules/checks.test.ts', title: 'F63 note' },
    { file: 'test/qdevice/configuration.test.ts', title: 'F63: ffsplit with an odd' },
  ],
  F64: [running('F64: too few expected votes')],
  F65: [running('F65: a node that cannot be reached by remove')],
  F66: [
    running('F66: certificates deleted under the daemon do not end it'),
    { file: 'test/qdevice/daemon.test.ts', title: 'certificates taken away under the daemon stay in use' },
  ],
  F67: [running('F67: what stays on the arbiter'), running('F67, F69: after remove the arbiter lists')],
  F68: [
    obstacle('F68: a corosync that does not take the new version over'),
    { file: 'test/setup/plan/run-plan.test.ts', title: 'F68: a corosync that does not take the new version over' },
  ],
  F69: [running('F67, F69: after remove the arbiter lists the cluster no more')],
  F70: [obstacle('F70: a watchdog that bites sooner'), running('F70: too few without the device')],
  F71: [
    obstacle('F71: a node without name and address'),
    said('F71: one of them without name and ring0_addr'),
    { file: 'test/qdevice/configured-nodes.test.ts', title: 'a node counts by its id, its name or its address' },
  ],
  F72: [obstacle('F72: an address that cannot be resolved')],
  F73: [obstacle('F73: what follows with lms')],
};
