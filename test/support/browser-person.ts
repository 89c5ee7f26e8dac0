/** A person with a browser that keeps cookies: signs in at the pages of an OAuth server, by hand. */
export class BrowserPerson {
  readonly #jars = new Map<string, Map<string, string>>();

  /** One request, no redirect followed. */
  async visit(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  /**
   * Goes from the authorization address through the server's login and consent, until it is sent to `redirectUri`.
   * @returns where it was sent, unvisited
   */
  async signsIn(authorizeUrl: string, redirectUri: string, answer: 'agrees' | 'refuses' = 'agrees'): Promise<URL> {
    let url = authorizeUrl;
    let init: RequestInit = {};
    for (let hops = 0; hops < 20; hops++) {
      if (url.startsWith(redirectUri)) return new URL(url);
      const response = await this.visit(url, init);
      init = {};
      const location = response.headers.get('location');
      if (location !== null) {
        url = new URL(location, url).href;
        continue;
      }
      const page = await response.text();
      const action = /<form[^>]+action="([^"]+)"/.exec(page)?.[1];
      const abort = /href="([^"]*\/abort)"/.exec(page)?.[1];
      if (response.status !== 200 || action === undefined) throw new Error(`${response.status} ${page.slice(0, 2000)}`);
      if (answer === 'refuses' && abort !== undefined) {
        url = new URL(abort, url).href;
        continue;
      }
      const prompt = /name="prompt"[^>]*value="([^"]+)"/.exec(page)?.[1] ?? '';
      const fields = prompt === 'login' ? { prompt, login: 'ada', password: 'any' } : { prompt };
      url = new URL(action, url).href;
      init = { method: 'POST', body: new URLSearchParams(fields) };
    }
    throw new Error('the sign-in leads nowhere');
  }
}
