import type { Author, Database } from '../../database/database.ts';
import {
  closeDialog,
  type OpenDialogs,
  type OwnDialog,
  openDialog,
  renewDialog,
} from '../../database/queries/dialogs.ts';
import { dialogLease } from '../../domain/job/dialog.ts';

/**
 * Tells the other consoles of the dialog that is open at this one, for `dialogLease.lease_ms`, and learns who else has one open on the same
 * jobs. `renew`: it is the one that was told of last.
 * @throws ServoError permission_denied where the role has no right to the table
 */
export function holdDialog(
  database: Database,
  author: Author,
  dialog: OwnDialog,
  renew: boolean,
): Promise<OpenDialogs> {
  const { tenant } = author;
  const { lease_ms } = dialogLease;
  return database.write(author, async (query) => {
    const held = renew ? await renewDialog(query, tenant, dialog.console_id, lease_ms) : null;
    return held ?? openDialog(query, tenant, dialog, lease_ms);
  });
}

/** No dialog is open at this console any more. */
export function leaveDialog(database: Database, author: Author, console_id: string): Promise<void> {
  return database.write(author, (query) => closeDialog(query, author.tenant, console_id));
}
