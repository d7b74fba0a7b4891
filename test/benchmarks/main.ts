import { cpus } from 'node:os';
import { creatingAJob } from './creating-a-job.ts';
import { report } from './measure.ts';
import { noOpPartitions } from './no-op-partitions.ts';
import { withServer } from './server.ts';

const rounds = Number(process.argv[2] ?? 5);
await withServer(async (database, version) => {
  const [cpu] = cpus();
  console.log(
    `Node ${process.version}, PostgreSQL ${version} on this host, ${cpus().length} × ${cpu?.model.trim()}; ${rounds} rounds: median (least–most)\n`,
  );
  for (const benchmark of [noOpPartitions, creatingAJob])
    console.log(`${report(await benchmark(database, rounds))}\n`);
});
