/**
 * A mistake of the person who runs the program: a setting, a file, a name, a service that is not there. It is told in
 * two sentences, what is wrong and what to do about it, and never with a stack trace.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly problem: string;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(problem: string, remedy: string, exitCode = 1, options?: ErrorOptions) {
    super(`${problem} ${remedy}`, options);
    this.problem = problem;
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}
