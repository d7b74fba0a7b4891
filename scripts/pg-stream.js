import { fileURLToPath } from 'node:url';

/**
 * The bundle's `pg/lib/stream.js`: node-stream.cjs, the half of it that Node uses. To find out that
 * it does not run at Cloudflare, the original makes a Response where there is no `navigator`
 * (Node 20), and that loads Node's HTTP client at the start of every command with a connection.
 */
export const pgStream = {
  name: 'pg-stream',
  setup(build) {
    const path = fileURLToPath(new URL('node-stream.cjs', import.meta.url));
    build.onResolve({ filter: /^\.\/stream$/ }, ({ importer }) =>
      /[\\/]pg[\\/]lib[\\/][\w-]+\.js$/.test(importer) ? { path } : undefined,
    );
  },
};
