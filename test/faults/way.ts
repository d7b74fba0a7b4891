import type { ConnectionSettings } from '../../source/database/settings.ts';
import { DatabaseProxy, type Weather } from './proxy.ts';

/** A host's way to its database: a proxy in front of each server that its settings name. What is done to it is done to all of them. */
export class Way {
  readonly settings: ConnectionSettings;
  readonly #proxies: readonly DatabaseProxy[];

  private constructor(database: ConnectionSettings, proxies: readonly DatabaseProxy[]) {
    this.#proxies = proxies;
    const hosts = proxies.map(({ settings: { host, port } }) => ({ host, port }));
    const several = hosts.length > 1 ? { hosts } : {};
    this.settings = { ...database, ...hosts[0]!, ...several };
  }

  static async open(database: ConnectionSettings): Promise<Way> {
    const { hosts = [database], ...rest } = database;
    const targets = hosts.map(({ host, port }) => ({ ...rest, host, port }));
    return new Way(database, await Promise.all(targets.map((one) => DatabaseProxy.open(one))));
  }

  set weather(weather: Weather) {
    for (const proxy of this.#proxies) proxy.weather = weather;
  }

  cut(): number {
    return this.#proxies.reduce((sum, proxy) => sum + proxy.cut(), 0);
  }

  /** As a proxy's, at whichever such a request comes first. */
  trap(...trap: Parameters<DatabaseProxy['trap']>): Promise<void> {
    return Promise.race(this.#proxies.map((proxy) => proxy.trap(...trap)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
