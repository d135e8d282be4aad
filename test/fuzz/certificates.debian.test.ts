/** No certificate, request or `.p12` file is refused in another way than with an operator's sentence. */
import { after, test } from 'node:test';
import { findsOf } from './finds.ts';
import { checkTarget } from './property.ts';
import { openCertificates } from './targets/certificates.ts';

const RUNS = 300;

const { targets, close } = openCertificates();
after(close);

for (const target of targets) {
  test(`${target.name}: whatever is read, the answer is one of those documented`, () => checkTarget(target, RUNS));

  for (const [name, input] of findsOf(target.name)) {
    test(`${name} is found no more`, async () => {
      await target.run(input);
    });
  }
}
