import { fileURLToPath } from 'node:url';

/**
 * Replaces `pg/lib/stream.js` by its Node half, node-stream.cjs. To detect Cloudflare, the original
 * creates a Response on Node 20, which loads Node's HTTP client in every command that connects.
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
