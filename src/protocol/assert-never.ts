/** For the default of a switch: a new kind does not compile until it has a case there. */
export function assertNever(value: never): never {
  throw new Error(`unhandled ${JSON.stringify(value)}`);
}
