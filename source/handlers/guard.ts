import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ group` and `- group`. At the end of its input, which comes when the executor is gone, however it went, it ends the groups that
 * are left: SIGTERM, and SIGKILL to those that are there five seconds later.
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

/** What the executor has running, by process group. */
const groups = new Set<number>();
let guard: ChildProcess | null = null;

/**
 * Ties a process group to the life of this process: after its SIGKILL as well, one small process beside it ends what is
 * left. It has a session of its own, and none but this process holds the other end of its input. Where there is no
 * /bin/sh, what runs outlives a SIGKILL.
 */
export function watchGroup(group: number): void {
  groups.add(group);
  if (guard === null) startGuard();
  else send('+', group);
}

/** The group's leader has ended. */
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
    // Not at once without end where it cannot be started: the next program tries again.
    if (child.pid !== undefined && groups.size > 0) startGuard();
  };
  child.once('error', gone).once('exit', gone);
  // It ends with us: nobody waits for it.
  child.unref();
  child.stdin?.on('error', () => {});
  (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  for (const group of groups) send('+', group);
}

function send(sign: '+' | '-', group: number): void {
  guard?.stdin?.write(`${sign} ${group}\n`);
}
