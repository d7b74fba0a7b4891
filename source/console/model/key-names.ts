export function keyName(key: string): string {
  if (key.startsWith('ctrl-')) return `Ctrl-${key.slice(5).toUpperCase()}`;
  return names[key] ?? key;
}

const names: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  'page-up': 'PgUp',
  'page-down': 'PgDn',
  home: 'Home',
  end: 'End',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  'shift-tab': 'Shift-Tab',
  space: 'Space',
};

export function keyOf(text: string): string | null {
  const chord = /^ctrl-([a-z])$/i.exec(text);
  if (chord !== null) return `ctrl-${chord[1]!.toLowerCase()}`;
  const named = Object.entries(names).find(([key, name]) => text === key || text === name);
  if (named !== undefined) return named[0];
  return /^[^\s\p{C}]$/u.test(text) ? text : null;
}
