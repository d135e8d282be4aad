/**
 * A node's certificate request (PKCS#10, RFC 2986), in DER and with an empty set of attributes, as upstream's arbiter
 * reads it. The name is put in as data: upstream's script puts a string together, and makes no request for some names.
 */
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { bitString, context, integer, nothing, OID, oid, readDer, sequence, writeDer } from './asn1.ts';
import { subjectOf } from './issue.ts';

const PKCS10_V1 = Buffer.of(0);
const PRINTABLE = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

export function makeRequest(clusterName: string, key: KeyObject): Buffer {
  const stringType = PRINTABLE.test(clusterName) ? 'printable' : 'utf8';
  const info = sequence(
    integer(PKCS10_V1),
    subjectOf({ commonName: clusterName, stringType }),
    readDer(createPublicKey(key).export({ type: 'spki', format: 'der' })),
    context(0),
  );
  const algorithm = sequence(oid(OID.sha256WithRsa), nothing());
  return writeDer(sequence(info, algorithm, bitString(sign('sha256', writeDer(info), key))));
}
