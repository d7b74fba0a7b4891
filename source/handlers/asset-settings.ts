import type { Granularity } from '../domain/partition/period.ts';

export type AssetSettings = {
  asset_type: string | null;
  every: Granularity | null;
  upstreams: readonly string[] | null;
  /** The next three are defaults for new jobs. */
  max_attempts: number | null;
  timeout_ms: number | null;
  max_parallel: number | null;
  http: HttpSettings | null;
  pass: readonly string[];
};

export type HttpSettings = {
  url: string;
  /** With `${NAME}` replaced: these hold secrets and are never printed. */
  headers: Readonly<Record<string, string>>;
};

export const noSettings: Readonly<AssetSettings> = {
  asset_type: null,
  every: null,
  upstreams: null,
  max_attempts: null,
  timeout_ms: null,
  max_parallel: null,
  http: null,
  pass: [],
};
