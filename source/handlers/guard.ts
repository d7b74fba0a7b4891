import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ group` and `- group`. Its input ends when the executor exits for any reason; then it
 * sends the remaining groups SIGTERM and, five seconds later, SIGKILL.
 */
const script = `
groups=
while read -r sign group; do
  rest=
  for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
  groups=$rest
  [ "$sign" = + ] && groups="$groups $group"
done
for one in $groups; do kill -s TERM -- "-$one"; done
for second in 1 2 3 4 5; do
  alive=
  for one in $groups; do kill -s 0 -- "-$one" && alive="$alive $one"; done
  groups=$alive
  [ -z "$groups" ] && exit
  sleep 1
done
for one in $groups; do kill -s KILL -- "-$one"; done
`;

/** Process groups that the executor has started and that still run. */
const groups = new Set<number>();
let guard: ChildProcess | null = null;

/**
 * Makes sure that a process group ends with this process, also after SIGKILL: a small shell process
 * in its own session does it when its input closes. Without /bin/sh, the group outlives a SIGKILL;
 * so does one whose program has started in the moment before and has not been passed on yet.
 */
export function watchGroup(group: number): void {
  groups.add(group);
  if (guard === null) startGuard();
  else send('+', group);
}

/** To be called when the group's leader has ended. */
export function unwatchGroup(group: number): void {
  if (groups.delete(group)) send('-', group);
}

function startGuard(): void {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    detached: true,
  });
  guard = child;
  const gone = () => {
    if (guard !== child) return;
    guard = null;
    // A guard that could not start is not restarted here, to avoid a loop.
    if (child.pid !== undefined && groups.size > 0) startGuard();
  };
  child.once('error', gone).once('exit', gone);
  // It must not keep this process running.
  child.unref();
  child.stdin?.on('error', () => {});
  (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  for (const group of groups) send('+', group);
}

function send(sign: '+' | '-', group: number): void {
  guard?.stdin?.write(`${sign} ${group}\n`);
}
