/** The parts of an X.509 certificate that Node does not tell, or not byte for byte. */
import {
  type Asn1,
  Asn1Error,
  bytesOf,
  childrenOf,
  isContext,
  isUniversal,
  nameTextOf,
  OID,
  octetsOf,
  oidOf,
} from './asn1.ts';

export interface CertificateParts {
  readonly subject: Asn1;
  readonly signatureOid: string;
  readonly extensions: readonly Asn1[];
}

/** Contents of the subject alternative name. An entry of another kind is passed over. */
export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  /** Four or sixteen bytes each. */
  readonly addresses: readonly Buffer[];
}

const SEQUENCE = 16;
const EXTENSIONS_TAG = 3;
const DNS_NAME_TAG = 2;
const IP_ADDRESS_TAG = 7;

/** `certificate` is the whole, as read. */
export function partsOf(certificate: Asn1): CertificateParts {
  const [body, signatureAlgorithm] = childrenOf(certificate);
  const fields = childrenOf(body);
  const hasVersion = isContext(fields[0], 0);
  const [, , , , subject, , ...optional] = hasVersion ? fields.slice(1) : fields;
  if (!isUniversal(subject, SEQUENCE)) throw new Asn1Error('the subject is missing');
  const wrapper = optional.find((field) => isContext(field, EXTENSIONS_TAG));
  return {
    subject,
    signatureOid: oidOf(childrenOf(signatureAlgorithm)[0]),
    extensions: wrapper === undefined ? [] : childrenOf(childrenOf(wrapper)[0]),
  };
}

/** The last common name in encoding order, which is the one NSS goes by. One character a byte. */
export function lastCommonName(subject: Asn1): string | undefined {
  let commonName: string | undefined;
  for (const rdn of childrenOf(subject)) {
    for (const attribute of childrenOf(rdn)) {
      const [type, value] = childrenOf(attribute);
      if (oidOf(type) === OID.commonName) commonName = nameTextOf(value);
    }
  }
  return commonName;
}

export function alternativeNamesOf(extensions: readonly Asn1[], readInner: (bytes: Buffer) => Asn1): AlternativeNames {
  const extension = extensions.find((candidate) => oidOf(childrenOf(candidate)[0]) === OID.subjectAltName);
  if (extension === undefined) return { dnsNames: [], addresses: [] };
  const names = childrenOf(readInner(octetsOf(childrenOf(extension).at(-1))));
  return {
    dnsNames: names.filter((name) => isContext(name, DNS_NAME_TAG)).map(bytesOf),
    addresses: names
      .filter((name) => isContext(name, IP_ADDRESS_TAG))
      .map((name) => Buffer.from(bytesOf(name), 'latin1')),
  };
}
