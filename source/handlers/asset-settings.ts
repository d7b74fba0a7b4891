import type { Granularity } from '../domain/partition/period.ts';

/** What `handlers/<asset>.toml` says of an asset; null is what it does not say. */
export type AssetSettings = {
  asset_type: string | null;
  /** The granularity of its partitions. */
  every: Granularity | null;
  /** Names of the assets that it is made from. */
  upstreams: readonly string[] | null;
  /** Defaults for new jobs; milliseconds. */
  max_attempts: number | null;
  timeout_ms: number | null;
  max_parallel: number | null;
  http: HttpSettings | null;
  /** Variables of the database's that the handler may see all the same. */
  pass: readonly string[];
};

export type HttpSettings = {
  url: string;
  /** With the values of the variables that they name: secrets, never to be printed. */
  headers: Readonly<Record<string, string>>;
};

/** Of an asset without a settings file. */
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
