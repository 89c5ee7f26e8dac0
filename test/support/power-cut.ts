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

type Call = { name: string; args: string[]; result: number };

/** `lostSyncs`: files whose syncs the disk ignores, as some do. */
export function replayOf(trace: string, root: string, { lostSyncs }: { lostSyncs?: RegExp } = {}): Replay {
  const calls = callsOf(readFileSync(trace, 'utf8')).filter(({ result }) => result >= 0);
  const open = new Map<number, { path: string; inode?: Inode; at: number; append: boolean }>();
  const names = new Map<string, Inode>();
  const durableNames = new Map<string, Inode>();
  let told = '';
  let done = 0;

  const inside = (path: string) => path.startsWith(`${root}/`);
  const apply = ({ name, args, result }: Call) => {
    const fd = Number(args[0]);
    const file = open.get(fd);
    switch (name) {
      case 'openat': {
        const path = text(args[1]).toString();
        open.delete(result);
        if (!inside(path) && path !== root) return;
        if (args[2]?.includes('O_DIRECTORY') || path === root)
          return void open.set(result, { path, at: 0, append: false });
        const inode = names.get(path) ?? { volatile: Buffer.alloc(0), durable: Buffer.alloc(0) };
        if (args[2]?.includes('O_TRUNC')) inode.volatile = Buffer.alloc(0);
        names.set(path, inode);
        return void open.set(result, { path, inode, at: 0, append: args[2]?.includes('O_APPEND') === true });
      }
      case 'close':
        return void open.delete(fd);
      case 'write':
        if (fd === 1) told += text(args[1]).toString();
        if (file?.inode) {
          const at = file.append ? file.inode.volatile.length : file.at;
          put(file.inode, text(args[1]).subarray(0, result), at);
          file.at = at + result;
        }
        return;
      case 'pwrite64':
        if (file?.inode) put(file.inode, text(args[1]).subarray(0, result), Number(args[3]));
        return;
      case 'ftruncate':
        if (file?.inode) file.inode.volatile = resized(file.inode.volatile, Number(args[1]));
        return;
      case 'fsync':
      case 'fdatasync':
        if (file && lostSyncs?.test(file.path)) return;
        if (file?.inode) file.inode.durable = Buffer.from(file.inode.volatile);
        else if (file) syncNames(file.path);
        return;
      case 'unlink':
        return void names.delete(text(args[0]).toString());
      case 'link':
      case 'rename': {
        const [from, to] = [text(args[0]).toString(), text(args[1]).toString()];
        const inode = names.get(from);
        if (inode && inside(to)) names.set(to, inode);
        if (name === 'rename') names.delete(from);
        return;
      }
      default:
        throw new Error(`the replay knows no ${name}`);
    }
  };
  const syncNames = (folder: string) => {
    for (const path of [...durableNames.keys()]) if (dirname(path) === folder) durableNames.delete(path);
    for (const [path, inode] of names) if (dirname(path) === folder) durableNames.set(path, inode);
  };

  return {
    length: calls.length,
    get told() {
      return told;
    },
    advanceTo(point) {
      for (; done < point; done += 1) apply(calls[done] as Call);
    },
    async writeImage(folder, kept) {
      for (const [path, { durable }] of kept === 'synced' ? durableNames : names) {
        const place = join(folder, relative(root, path));
        await mkdir(dirname(place), { recursive: true, mode: 0o700 });
        await writeFile(place, durable, { mode: 0o600 });
      }
    },
  };
}

function put(inode: Inode, bytes: Buffer, at: number): void {
  if (inode.volatile.length < at + bytes.length) inode.volatile = resized(inode.volatile, at + bytes.length);
  bytes.copy(inode.volatile, at);
}

function resized(bytes: Buffer, size: number): Buffer {
  return size <= bytes.length
    ? Buffer.from(bytes.subarray(0, size))
    : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
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
function text(argument: string | undefined): Buffer {
  return Buffer.from((argument ?? '').replace(/^"|"(\.\.\.)?$/g, '').replaceAll('\\x', ''), 'hex');
}
