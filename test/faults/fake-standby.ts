import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../source/database/settings.ts';

type Options = {
  /** From this connection on, counted from 1, it ends each one as soon as it has let it begin, in one piece. */
  endsFrom?: number;
};

/** Tells every client that it is a standby: just enough of PostgreSQL's protocol for that. */
export class FakeStandby {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  place: HostPort = { host: '127.0.0.1', port: 0 };
  asked = 0;

  #connections = 0;
  readonly #endsFrom: number;

  private constructor({ endsFrom = Number.POSITIVE_INFINITY }: Options) {
    this.#endsFrom = endsFrom;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(options: Options = {}): Promise<FakeStandby> {
    const standby = new FakeStandby(options);
    await new Promise<void>((resolve) => standby.#server.listen(0, '127.0.0.1', resolve));
    const address = standby.#server.address() as { port: number };
    standby.place = { host: '127.0.0.1', port: address.port };
    return standby;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const ends = ++this.#connections >= this.#endsFrom;
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int32(0)), ready, ...(ends ? [farewell] : [])]));
      socket.on('data', (data) => {
        if (data[0] !== 'Q'.charCodeAt(0)) return;
        this.asked++;
        socket.write(Buffer.concat([column, row, message('C', Buffer.from('SELECT 1\0')), ready]));
      });
    });
  }
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const ready = message('Z', Buffer.from('I'));
const farewell = message(
  'E',
  Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
);
/** One column of type bool, in text. */
const column = message(
  'T',
  Buffer.concat([
    int16(1),
    Buffer.from('standby\0'),
    int32(0),
    int16(0),
    int32(16),
    int16(1),
    int32(-1),
    int16(0),
  ]),
);
const row = message('D', Buffer.concat([int16(1), int32(1), Buffer.from('t')]));
