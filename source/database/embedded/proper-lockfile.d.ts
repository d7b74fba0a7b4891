declare module 'proper-lockfile' {
  type LockOptions = {
    lockfilePath: string;
    /** Milliseconds. */
    stale: number;
    update: number;
    onCompromised: (error: Error) => void;
  };
  const lockfile: {
    lock(file: string, options: LockOptions): Promise<() => Promise<void>>;
  };
  export default lockfile;
}
