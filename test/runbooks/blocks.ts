import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../source/package.ts';

export const runbooks = ['backfill-operations', 'backfill-sla-at-risk'] as const;
export type RunbookName = (typeof runbooks)[number];

/** A code block of a runbook: known by its heading, and by its number among the blocks under that heading. */
export type Block = {
  runbook: RunbookName;
  heading: string;
  number: number;
  language: string;
  text: string;
};

/** Every code block as it is printed. */
export function blocksOf(runbook: RunbookName): Block[] {
  const text = readFileSync(join(packageRoot, 'docs', 'runbooks', `${runbook}.md`), 'utf8');
  const blocks: Block[] = [];
  let heading = '';
  let open: { language: string; lines: string[] } | null = null;
  for (const line of text.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (open !== null && fence !== null) {
      const number = blocks.filter((block) => block.heading === heading).length + 1;
      const { language, lines } = open;
      blocks.push({ runbook, heading, number, language, text: lines.join('\n') });
      open = null;
    } else if (open !== null) {
      open.lines.push(line);
    } else if (fence !== null) {
      open = { language: fence[1]!, lines: [] };
    } else {
      heading = /^#{2,4} (.*)$/.exec(line)?.[1] ?? heading;
    }
  }
  return blocks;
}

/** The block with its placeholders filled in: `<job_id>` and the like, and the deadline, which has passed. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  const deadline = values.deadline ?? new Date(Date.now() + 86_400_000).toISOString();
  return text
    .replace(/<(\w+)>/g, (whole, name: string) => values[name] ?? whole)
    .replaceAll('2024-01-17T00:00:00Z', deadline);
}

/** What asks Google's cloud: replaced by `logs`, `executors` and `events`. */
export function isCloud({ language, text }: Block): boolean {
  const commands = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return language === 'bash' && commands[0]?.startsWith('gcloud') === true;
}

/** A formula or a statement of another program. */
export function isRun({ language }: Block): boolean {
  return language === 'bash' || language === 'sql';
}
