import { onHost } from '../../app/command.ts';
import { unknownValue } from '../../cli/flags.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export const completion = onHost({
  spec: {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'what makes the Tab key know commands, flags, job ids and assets',
    flags: [],
    examples: [
      ['completion bash', 'in ~/.bashrc: source <(servo-tui completion bash)'],
      ['completion fish > ~/.config/fish/completions/servo-tui.fish', ''],
    ],
    needs: { database: false, tenants: 'none' },
    writes: false,
    words: { least: 1, most: 1 },
  },
  json: () => import('./completion-json.ts'),
  read([word], _, problems) {
    const known = [...shells, 'words' as const].find((one) => one === word);
    if (word !== undefined && known === undefined) {
      problems.push(unknownValue('shell', word, shells));
    }
    return known ?? 'words';
  },
  async run(shell, { io, table }) {
    if (shell !== 'words') {
      const { completionScripts } = await import('./completion-scripts.ts');
      const script = completionScripts[shell];
      return { json: { shell, script }, text: () => script };
    }
    const { candidatesFor } = await import('./candidates.ts');
    const candidates = await candidatesFor(io.env.SERVO_COMPLETION_LINE ?? '', io.env, table);
    return {
      json: { candidates },
      text: () =>
        candidates.map(({ value, description }) => `${value}\t${safeText(description)}\n`).join(''),
    };
  },
});
