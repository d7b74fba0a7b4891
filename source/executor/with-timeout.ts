/**
 * Rejects if there is no result in time (default 5 s): a connection that died silently reports no
 * error. The error's code makes it a connection failure.
 */
export function withTimeout<T>(answer: Promise<T>, milliseconds = 5_000): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${milliseconds / 1000} s`);
      reject(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, milliseconds);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
