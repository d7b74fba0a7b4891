import fc from 'fast-check';

/** Input of a keyboard, and the keys that it stands for. */
export const knownKeys: readonly (readonly [bytes: string, key: string])[] = [
  ...['\x1b[', '\x1bO', '\x1b[1;1'].flatMap((introducer) =>
    Object.entries({ A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end' }).map(
      ([final, key]) => [`${introducer}${final}`, key] as const,
    ),
  ),
  ['\x1b[1~', 'home'],
  ['\x1b[7~', 'home'],
  ['\x1b[4~', 'end'],
  ['\x1b[8~', 'end'],
  ['\x1b[3~', 'delete'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[6~', 'page-down'],
  ['\x1b[Z', 'shift-tab'],
  ['\x1bOM', 'enter'],
  ['\r', 'enter'],
  ['\t', 'tab'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\x12', 'ctrl-r'],
  ['\x03', 'ctrl-c'],
];

/** Other complete sequences that terminals send, none of which is a key of ours. */
export const reports: readonly string[] = [
  // Focus, mouse: X10, UTF-8, SGR, urxvt, highlight tracking.
  '\x1b[I',
  '\x1b[O',
  '\x1b[M !!',
  '\x1b[M#\x00\x00',
  '\x1b[<0;5;5M',
  '\x1b[<0;5;5m',
  '\x1b[<64;120;40M',
  '\x1b[32;5;5M',
  '\x1b[t!!',
  '\x1b[T!!!!!!',
  // Replies: state, cursor, attributes, modes, window, colours, version, capabilities, settings.
  '\x1b[0n',
  '\x1b[1;5R',
  '\x1b[?62;1;4c',
  '\x1b[>41;354;0c',
  '\x1b[?2026;2$y',
  '\x1b[4;2$y',
  '\x1b[8;24;80t',
  '\x1b[?997;1n',
  '\x1b]10;rgb:ffff/ffff/ffff\x07',
  '\x1b]4;1;rgb:ffff/0000/0000\x1b\\',
  '\x1b]52;c;cHkK\x07',
  '\x1b]lpyXq\x1b\\',
  '\x1bP>|xterm(390)\x1b\\',
  '\x1bP1+r544e=787465726d\x1b\\',
  '\x1bP1$r0m\x1b\\',
  '\x1b_Gi=1;OK\x1b\\',
  '\x1b^py\x1b\\',
  '\x1bXpy売\x1b\\',
  // Keys without a meaning here: function keys in all forms, modified, kitty's and modifyOtherKeys.
  '\x1bOP',
  '\x1bO5P',
  '\x1bO1;5P',
  '\x1b[[A',
  '\x1b[11~',
  '\x1b[15~',
  '\x1b[1;5P',
  '\x1b[1;5Q',
  '\x1b[1;5R',
  '\x1b[1;5S',
  '\x1b[1;5C',
  '\x1b[1;2D',
  '\x1b[29~',
  '\x1b[29;5~',
  '\x1b[2~',
  '\x1b[3;5~',
  '\x1b[3^',
  '\x1b[3@',
  '\x1b[a',
  '\x1bOa',
  '\x1b[121u',
  '\x1b[121;1:3u',
  '\x1b[13;5u',
  '\x1b[27;5;121~',
  '\x1b[89;21;121;1;0;1_',
  '\x1by',
  '\x1bp',
  '\x1b\r',
  '\x1b\x7f',
  '\x1b\x1b[A',
  '\x1bé',
  // Sequences in pasted text and in shell output.
  '\x1b[31m',
  '\x1b[38;5;196m',
  '\x1b[2J',
  '\x1b[=0u',
];

const params = fc.string({ unit: fc.constantFrom(...'0123456789;:<=>?'), maxLength: 8 });
const content = fc.string({ unit: fc.constantFrom(...'pyXqR 0;/=é表ab'), maxLength: 80 });

/** Random sequences. */
const strange = fc.oneof(
  fc
    .tuple(
      params,
      fc.constantFrom('', ' ', '!', '"', "'", '$'),
      fc.integer({ min: 0x40, max: 0x7e }),
    )
    .map(([some, between, final]) => `\x1b[9${some}${between}${String.fromCharCode(final)}`),
  fc
    .tuple(fc.constantFrom(']', 'P', 'X', '^', '_'), content, fc.constantFrom('\x07', '\x1b\\'))
    .map(([introducer, text, end]) => `\x1b${introducer}${text}${end}`),
  fc
    .array(fc.integer({ min: 0x20, max: 0x7e }), { minLength: 3, maxLength: 3 })
    .map((codes) => `\x1b[M${String.fromCharCode(...codes)}`),
);

/** A sequence that is no key, as bytes. */
export const aReport = fc
  .oneof(fc.constantFrom(...reports), strange)
  .map((text) => Buffer.from(text));

/** The same in eight bits: C1 controls, and coordinates beyond column 95. */
export const eightBit: readonly Uint8Array[] = [
  [0x9b, 0x49],
  [0x9b, 0x31, 0x3b, 0x35, 0x52],
  [0x8f, 0x50],
  [0x9d, 0x6c, 0x70, 0x79, 0x9c],
  [0x90, 0x70, 0x79, 0x07],
  [0xc2, 0x9b, 0x49],
  [0x1b, 0x5b, 0x4d, 0x20, 0xff, 0xa0],
  [0x1b, 0x5b, 0x4d, 0x20, 0xc3, 0x21],
  [0x1b, 0x5b, 0x4d, 0x20, 0xc2, 0x80, 0x21],
].map((bytes) => Uint8Array.from(bytes));
