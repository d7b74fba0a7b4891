/** Names that every terminal knows, without black and white: each vanishes on one background. */
export const hues = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const;

export type Hue = (typeof hues)[number];

export function isHue(name: string): name is Hue {
  return (hues as readonly string[]).includes(name);
}
