import { type PageAnswer, pageRequest, tokenIn } from './page-request.ts';

export const NAVIGATION = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

/** A person at one page, with a browser that keeps its cookies and runs no script. */
export interface PageVisitor {
  open(): Promise<PageAnswer>;
  /** Fills in the form of the page that was shown last, by the names of its inputs, and sends it. */
  send(fields: Record<string, string>): Promise<PageAnswer>;
}

/** `host`: what the browser calls the server, where a proxy is between them. */
export function visitPage(url: string, host = new URL(url).host): PageVisitor {
  const cookies = new Map<string, string>();
  let token = '';
  const ask = async (options: Parameters<typeof pageRequest>[1]) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const page = await pageRequest(url, { ...options, headers: { ...options?.headers, cookie, host } });
    for (const given of page.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(given) ?? [];
      cookies.set(name, value);
    }
    token = tokenIn(page);
    return page;
  };
  const open = () => ask({ headers: NAVIGATION });
  return {
    open,
    async send(fields) {
      const body = new URLSearchParams({ _token: token, ...fields }).toString();
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        origin: 'null',
      };
      const page = await ask({ method: 'POST', headers, body });
      return page.status === 303 ? await open() : page;
    },
  };
}
