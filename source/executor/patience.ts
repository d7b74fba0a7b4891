/** The answer, or an error where none comes within 5 s: a connection that has died in silence never says so. */
export function withTimeout<T>(answer: Promise<T>, milliseconds = 5_000): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      // With a code, so that it counts as what it is: a connection that has failed.
      () =>
        reject(
          Object.assign(new Error(`no answer within ${milliseconds / 1000} s`), {
            code: 'ETIMEDOUT',
          }),
        ),
      milliseconds,
    );
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
