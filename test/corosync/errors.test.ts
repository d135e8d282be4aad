import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorosyncError, check, connectFailure, errorCode, errorName } from '../../src/corosync/errors.ts';
import { OperatorError } from '../../src/runtime/errors.ts';

test('only 1 is success', () => {
  check('call', 1);
  for (const code of [0, 2, 6, 12, 22, 100, 4711, -1]) assert.throws(() => check('call', code), CorosyncError);
});

test('names and codes belong together; an unknown code stays an error that is not retried', () => {
  for (const name of ['library', 'tryAgain', 'access', 'notExist', 'messageError', 'noSections'] as const) {
    assert.equal(errorName(errorCode(name)), name);
  }
  assert.equal(errorName(4711), 'unknown');
  assert.equal(new CorosyncError('call', 4711).retry, false);
  assert.equal(new CorosyncError('call', 6).retry, true);
});

test('a failed connection tells the operator what to do', () => {
  for (const code of [2, 6, 11, 21]) {
    const failure = connectFailure(new CorosyncError('cmap_initialize', code));
    assert(failure instanceof OperatorError);
    assert.match(failure.message, /^[A-Z].*\. [A-Z].*\.$/);
    assert.equal(failure.exitCode, 1);
  }
});
