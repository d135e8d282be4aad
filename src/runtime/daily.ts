/** Work that is done at start and then once a day, as long as the process runs; it keeps nothing alive. */
const DAY_MS = 86_400_000;

/** What fails is told by `failed`, and tried again the next day. */
export function daily(work: () => Promise<void>, failed: (error: unknown) => void): void {
  const once = (): void => void work().catch(failed);
  once();
  setInterval(once, DAY_MS).unref();
}
