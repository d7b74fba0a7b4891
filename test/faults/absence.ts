import { isConnectionFailure } from '../../source/database/failure.ts';

/** The database is not there at this moment, or has ended the session. */
export function isAbsence(error: unknown): boolean {
  return isConnectionFailure(error) || (error as { code?: string }).code === 'database_unreachable';
}
