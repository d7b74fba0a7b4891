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
 * Announces this console's open dialog to other consoles for `dialogLease.lease_ms`, and returns
 * their dialogs on the same jobs. `renew`: it is the dialog that was announced last.
 * @throws ServoError permission_denied if the role has no right to the table
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
    const renewed = renew ? await renewDialog(query, tenant, dialog.console_id, lease_ms) : null;
    return renewed ?? openDialog(query, tenant, dialog, lease_ms);
  });
}

export function leaveDialog(database: Database, author: Author, console_id: string): Promise<void> {
  return database.write(author, (query) => closeDialog(query, author.tenant, console_id));
}
