/** What the server bears from a client, in bytes and milliseconds. */
export interface HttpLimits {
  bodyBytes: number;
  headerBytes: number;
  /** From the first byte of a request to the end of its headers. */
  headersMs: number;
  /** The same to the end of its body. */
  requestMs: number;
  /** How often the two are looked at. */
  checkMs: number;
  /** How long a connection may wait for its next request. */
  keepAliveMs: number;
  /** How long calls may go on after the server was told to stop. */
  drainMs: number;
  readyMs: number;
}

export const LIMITS: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 1_000,
  keepAliveMs: 5_000,
  drainMs: 10_000,
  readyMs: 5_000,
};
