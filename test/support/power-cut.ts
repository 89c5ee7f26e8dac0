import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * What a disk holds after the power went, replayed from the system calls of a process (strace -f -xx -s …): a file has
 * the bytes it had at its last fsync, a folder the names it had at its last fsync. The method is that of the durability
 * tests of databases (LazyFS, ALICE), in its worst case: nothing that was not synced survives.
 */
export interface Replay {
  /** Calls that change the folder, and acknowledgements between them, in order. */
  readonly length: number;
  /** Applies everything before `point`. Points only ever grow. */
  advanceTo(point: number): void;
  /** What was told to the client so far, as it was written. */
  readonly told: string;
  /** Writes what the disk holds into a folder. `names`: whether names survive without an fsync of their folder. */
  writeImage(folder: string, names: 'synced' | 'at_once'): Promise<void>;
}

interface Inode {
  volatile: Buffer;
  durable: Buffer;
}

interface Call {
  name: string;
  args: string[];
  result: number;
}

/** `lostSyncs`: files whose syncs the disk ignores, as some do. */
export function replayOf(trace: string, root: string, { lostSyncs }: { lostSyncs?: RegExp } = {}): Replay {
  const calls = callsOf(readFileSync(trace, 'utf8')).filter(({ result }) => result >= 0);
  const disk = new Disk(root, lostSyncs);
  let done = 0;
  return {
    length: calls.length,
    get told() {
      return disk.told;
    },
    advanceTo(point) {
      for (const call of calls.slice(done, point)) disk.apply(call);
      done = point;
    },
    async writeImage(folder, kept) {
      for (const [path, { durable }] of kept === 'synced' ? disk.durableNames : disk.names) {
        const place = join(folder, relative(root, path));
        await mkdir(dirname(place), { recursive: true, mode: 0o700 });
        await writeFile(place, durable, { mode: 0o600 });
      }
    },
  };
}

interface OpenFile {
  path: string;
  /** Absent for a folder. */
  inode?: Inode;
  at: number;
  append: boolean;
}

class Disk {
  told = '';
  readonly names = new Map<string, Inode>();
  readonly durableNames = new Map<string, Inode>();
  readonly #open = new Map<number, OpenFile>();
  readonly #root: string;
  readonly #lostSyncs: RegExp | undefined;

  constructor(root: string, lostSyncs: RegExp | undefined) {
    this.#root = root;
    this.#lostSyncs = lostSyncs;
  }

  apply({ name, args, result }: Call): void {
    const apply = this.#calls[name];
    if (!apply) throw new Error(`the replay knows no ${name}`);
    apply(args, result, this.#open.get(Number(args[0])));
  }

  readonly #calls: Readonly<Record<string, (args: string[], result: number, file: OpenFile | undefined) => void>> = {
    openat: ([, name, flags = ''], fd) => {
      const path = bytes(name).toString();
      this.#open.delete(fd);
      if (path === this.#root) this.#open.set(fd, { path, at: 0, append: false });
      if (!path.startsWith(`${this.#root}/`)) return;
      const inode = this.names.get(path) ?? { volatile: Buffer.alloc(0), durable: Buffer.alloc(0) };
      if (flags.includes('O_TRUNC')) inode.volatile = Buffer.alloc(0);
      this.names.set(path, inode);
      this.#open.set(fd, { path, inode, at: 0, append: flags.includes('O_APPEND') });
    },
    close: ([fd]) => void this.#open.delete(Number(fd)),
    write: ([fd, text], size, file) => {
      if (fd === '1') this.told += bytes(text).toString();
      if (!file?.inode) return;
      const at = file.append ? file.inode.volatile.length : file.at;
      put(file.inode, bytes(text).subarray(0, size), at);
      file.at = at + size;
    },
    pwrite64: ([, text, , at], size, file) => {
      if (file?.inode) put(file.inode, bytes(text).subarray(0, size), Number(at));
    },
    ftruncate: ([, size], _, file) => {
      if (file?.inode) file.inode.volatile = resized(file.inode.volatile, Number(size));
    },
    fsync: (_, __, file) => this.#sync(file),
    fdatasync: (_, __, file) => this.#sync(file),
    unlink: ([name]) => void this.names.delete(bytes(name).toString()),
    link: ([from, to]) => this.#link(from, to),
    rename: ([from, to]) => {
      this.#link(from, to);
      this.names.delete(bytes(from).toString());
    },
  };

  #link(from: string | undefined, to: string | undefined): void {
    const inode = this.names.get(bytes(from).toString());
    if (inode) this.names.set(bytes(to).toString(), inode);
  }

  #sync(file: OpenFile | undefined): void {
    if (!file || this.#lostSyncs?.test(file.path)) return;
    if (file.inode) {
      file.inode.durable = Buffer.from(file.inode.volatile);
      return;
    }
    const isInside = (path: string) => dirname(path) === file.path;
    for (const path of [...this.durableNames.keys()].filter(isInside)) this.durableNames.delete(path);
    for (const [path, inode] of this.names) if (isInside(path)) this.durableNames.set(path, inode);
  }
}

function put(inode: Inode, written: Buffer, at: number): void {
  if (inode.volatile.length < at + written.length) inode.volatile = resized(inode.volatile, at + written.length);
  written.copy(inode.volatile, at);
}

function resized(whole: Buffer, size: number): Buffer {
  return size <= whole.length
    ? Buffer.from(whole.subarray(0, size))
    : Buffer.concat([whole, Buffer.alloc(size - whole.length)]);
}

/** The lines of a trace as calls, those that another thread interrupted put together again. */
function callsOf(trace: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const cut = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (cut) {
      begun.set(thread, cut[1] ?? '');
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? (begun.get(thread) ?? '') + (resumed[1] ?? '') : rest;
    const [, name, args = '', result] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole) ?? [];
    if (name !== undefined) calls.push({ name, args: args.split(', '), result: Number(result) });
  }
  return calls;
}

/** `"\x2f\x65…"` as bytes. */
function bytes(argument: string | undefined): Buffer {
  return Buffer.from((argument ?? '').replace(/^"|"(\.\.\.)?$/g, '').replaceAll('\\x', ''), 'hex');
}
