import { request } from 'node:http';

export interface PageAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  cookies: readonly string[];
  body: string;
  /** In how many pieces the body came. */
  chunks: number;
}

export interface PageRequestOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

/** One request with exactly these headers, Host included, on a connection of its own. */
export function pageRequest(
  url: string,
  { method = 'GET', headers = {}, body }: PageRequestOptions = {},
): Promise<PageAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          cookies: response.headers['set-cookie'] ?? [],
          body: Buffer.concat(chunks).toString('utf8'),
          chunks: chunks.length,
        }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

/** What a page's form proves with that it was sent from there. */
export function tokenIn({ body }: PageAnswer): string {
  return /name="_token" value="([^"]+)"/.exec(body)?.[1] ?? '';
}
