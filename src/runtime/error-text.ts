/** What a library's error says of itself: a code to look up, and a text that fits on a line. */

/** The error's code as Node.js adds it, or ''. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** OpenSSL puts its short text into `reason`; its `message` is a line of source positions. */
export function libraryText(error: Error): string {
  const text = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return text.split('\n', 1)[0] ?? '';
}
