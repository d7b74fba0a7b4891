import { z } from 'zod';

const session = z.looseObject({
  pid: z.int(),
  user: z.string(),
  database: z.string(),
  application: z.string(),
});

export const shapes = {
  embedded: z.looseObject({
    state: z.enum(['running', 'stopped', 'absent']),
    version: z.string().nullable(),
    pid: z.int().nullable(),
    home: z.string(),
    data_directory: z.string(),
    socket_directory: z.string(),
    log_file: z.string(),
    sessions: z.array(session).optional().describe('that are connected, of `status`'),
    ended_sessions: z.array(session).optional().describe('that `stop` or `reset` has ended'),
  }),
};
