import { html, Markup } from './markup.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** A page: what stands in its title and in its main part. */
export interface Page {
  title: string;
  main: Markup;
  /** What goes on by itself, without a script: a path that is opened at once. */
  goesOnTo?: string;
  /**
   * Its forms say where they come from. Without TLS, browsers say nothing else of a request that could tell our forms
   * from those of other sites, and under `no-referrer` not even that. Other sites hear nothing either way.
   */
  tellsOrigin?: boolean;
}

/** The whole document. It loads nothing; its style and script carry the nonce that the policy of this answer names. */
export function documentOf({ title, main, goesOnTo, tellsOrigin = false }: Page, policyNonce: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title} · Headwater</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${goesOnTo !== undefined && html`<meta http-equiv="refresh" content="0;url=${goesOnTo}">`}
${tellsOrigin && html`<meta name="referrer" content="same-origin">`}
<style nonce="${policyNonce}">${new Markup(STYLE)}</style>
</head>
<body>
<main id="main" tabindex="-1">${main}</main>
<p id="live" class="unseen" role="status"></p>
<script nonce="${policyNonce}">${new Markup(SCRIPT)}</script>
</body>
</html>
`.toString();
}
