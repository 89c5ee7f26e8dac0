import type { Socket } from 'node:net';
import type { Algorithms, Client, ClientChannel } from 'ssh2';
import { beforeFirstLine, channelFault, faultOf, SshFault } from './ssh-fault.ts';
import { fingerprintOf, HOST_KEY_KINDS, type HostKey } from './ssh-host-key.ts';
import { loginTries, type NextTry, type SshCredentials } from './ssh-login.ts';
import { tunnelSocket } from './tunnel-socket.ts';

/** A connection to an SSH server, in its stages. Whoever starts one closes it. Everything throws `SshFault`. */
export interface SshConnection {
  /** The server's first line, once it is there and algorithms are agreed on, and the key that it shows. */
  hello(signal: AbortSignal): Promise<{ firstLine: string; hostKey: HostKey }>;
  /** Accepts the key, and logs in. Until then nothing of the user is sent, the name neither. */
  logIn(credentials: SshCredentials, signal: AbortSignal): Promise<void>;
  /** A connection from the server to somewhere. A name is for the server to resolve. */
  open(host: string, port: number, signal: AbortSignal): Promise<Socket>;
  close(): void;
}

/**
 * What OpenSSH has by default, but for what ssh2 lacks: no SHA-1 signatures of hosts, no CBC, no compression. Nor groups
 * that the server chooses: ssh2 takes any, and to look at one of 10,000 bits takes a minute in which nothing else runs.
 */
const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
  compress: ['none'],
} as const;

/** What is kept of what comes before the first line. */
const MOST_FIRST_BYTES = 8192;
/** Servers may greet before their first line, which then follows at once; what takes longer is something else. */
const FIRST_LINE_MS = 700;
const FIRST_LINE = /^SSH-[^\r\n]*(?=\r?\n)/m;

/**
 * Begins to speak SSH over a socket that is judged and connected. `kinds`: which of its keys the server may show; every
 * one without.
 */
export async function startSsh(
  socket: Socket,
  kinds: readonly string[] = HOST_KEY_KINDS.flat(),
): Promise<SshConnection> {
  const { Client } = (await import('ssh2')).default;
  return new Connection(new Client(), socket, kinds);
}

class Connection implements SshConnection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #hostKey: Promise<Buffer>;
  readonly #lost: Promise<never>;
  #fail: (fault: SshFault) => void = () => {};
  #accept: () => void = () => {};
  #next: NextTry | undefined;
  /** What came until the server's first line was complete. */
  #first = Buffer.alloc(0);
  #firstLine: string | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** The list of algorithms that the server sent and that was looked at last. */
  #offered = '';

  constructor(client: Client, socket: Socket, kinds: readonly string[]) {
    this.#client = client;
    this.#socket = socket;
    this.#lost = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#lost.catch(() => clearTimeout(this.#patience));
    client.on('error', (error) => this.#fail(this.#early ?? faultOf(error, this.#next !== undefined, this.#offered)));
    client.on('close', () => this.#fail(this.#early ?? new SshFault('lost')));
    client.on('change password', () => this.#fail(new SshFault('password_expired')));
    this.#hostKey = new Promise((resolve) => {
      client.connect({
        sock: socket,
        // The name that counts goes with each try.
        username: '',
        ident: 'headwater',
        // The steps have their own limits.
        readyTimeout: 0,
        algorithms: { ...ALGORITHMS, serverHostKey: [...kinds] } as unknown as Algorithms,
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
          this.#accept = () => verify(true);
          resolve(key);
        },
        authHandler: (taken, partial, next) => {
          const found = this.#next?.(taken ?? [], partial ?? false);
          if (found) next(found);
        },
        debug: (line) => {
          this.#offered = /^Handshake: \(remote\) [^:]+: (.*)$/.exec(line)?.[1] ?? this.#offered;
        },
      });
    });
    socket.on('data', this.#listen);
  }

  async hello(signal: AbortSignal): Promise<{ firstLine: string; hostKey: HostKey }> {
    const key = await this.#until(this.#hostKey, signal);
    const kind = key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
    return { firstLine: this.#firstLine ?? '', hostKey: { fingerprint: fingerprintOf(key), kind } };
  }

  async logIn(credentials: SshCredentials, signal: AbortSignal): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#client.once('ready', () => resolve()));
    this.#next = loginTries(credentials, this.#fail);
    this.#accept();
    await this.#until(ready, signal);
  }

  async open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
    const opened = new Promise<ClientChannel>((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error) reject(channelFault(error));
        else if (signal.aborted) channel.close();
        else resolve(channel);
      });
    });
    return tunnelSocket(await this.#until(opened, signal));
  }

  close(): void {
    this.#fail(new SshFault('lost'));
    try {
      this.#client.end();
    } catch {
      // it has gone already
    }
    this.#socket.destroy();
  }

  /** What it is, where that showed before its first line. */
  get #early(): SshFault | undefined {
    return this.#firstLine === undefined ? beforeFirstLine(this.#first) : undefined;
  }

  readonly #listen = (bytes: Buffer) => {
    this.#first = Buffer.concat([this.#first, bytes]).subarray(0, MOST_FIRST_BYTES);
    this.#firstLine = FIRST_LINE.exec(this.#first.toString('latin1'))?.[0];
    if (this.#firstLine !== undefined) {
      clearTimeout(this.#patience);
      this.#socket.off('data', this.#listen);
    } else this.#patience ??= setTimeout(() => this.#fail(beforeFirstLine(this.#first)), FIRST_LINE_MS);
  };

  async #until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const stopped = new AbortController();
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: stopped.signal });
    });
    aborted.catch(() => {});
    work.catch(() => {});
    try {
      return await Promise.race([work, this.#lost, aborted]);
    } catch (error) {
      // ssh2 throws in words of its own where the connection is gone.
      throw error instanceof SshFault || signal.aborted ? error : new SshFault('lost');
    } finally {
      stopped.abort();
    }
  }
}
