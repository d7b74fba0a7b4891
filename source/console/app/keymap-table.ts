import { boardNames } from '../model/boards.ts';
import { keyName } from '../model/key-names.ts';
import { type Binding, groups, type KeyScope } from '../model/state.ts';
import { keymap } from './keymap.ts';

export function keymapTable(): string {
  const rows = groups.flatMap((group) =>
    keymap
      .filter((binding) => binding.group === group)
      .map(
        (binding) => `| ${keysOf(binding)} | ${escaped(binding.title)} | ${where(binding.on)} |`,
      ),
  );
  return ['| key | what it does | where |', '|---|---|---|', ...rows, ''].join('\n');
}

function keysOf({ keys }: Binding): string {
  return keys.map((key) => `\`${escaped(keyName(key))}\``).join(' ');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}

function where(on: readonly KeyScope[]): string {
  const has = (names: readonly string[]) => names.every((name) => on.includes(name as KeyScope));
  if (has(['jobs', 'job', ...boardNames])) return '';
  if (has(['jobs', ...boardNames])) return 'lists';
  return on.length > 3 ? 'lists of jobs' : on.join(', ');
}
