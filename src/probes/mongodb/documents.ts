import { Long } from 'bson';

/** A document as it came: from outside, so every value in it may be of any type, and text is cleaned before it is shown. */
export type Doc = Readonly<Record<string, unknown>>;

export function docOf(value: unknown): Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Doc) : {};
}

export function docsOf(value: unknown): Doc[] {
  return Array.isArray(value) ? value.map(docOf) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** A number of any width; undefined where there is none, or one that JavaScript cannot hold. */
export function numberOf(value: unknown): number | undefined {
  const number = Long.isLong(value) ? value.toNumber() : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** What a cursor is called in further commands, which insist on 64 bits; undefined where it is at its end. */
export function cursorOf(value: unknown): Long | undefined {
  const id = Long.isLong(value) ? value : typeof value === 'number' ? Long.fromNumber(value) : Long.ZERO;
  return id.isZero() ? undefined : id;
}
