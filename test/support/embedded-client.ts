import { ensureEmbeddedServer } from '../../source/database/embedded/server.ts';

// A program that uses the embedded server, for tests with several processes or a killed one.
const server = await ensureEmbeddedServer();
process.stdout.write(`${JSON.stringify(server)}\n`);
if (process.argv.includes('--stay')) setInterval(() => {}, 1_000_000);
