/** The answer, or an error where none comes within 5 s: a connection that has died in silence never says so. */
export function withPatience<T>(answer: Promise<T>, milliseconds = 5_000): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
