import { prepareApp } from '../app.ts';
import { readSettings, SettingsError } from '../settings.ts';
import { serveOverStdio } from '../transports/stdio.ts';

/** The default command. It loads nothing that a server does not need: the time from spawn to first answer is a budget. */
export async function serve(): Promise<void> {
  try {
    const app = await prepareApp(readSettings());
    for (const { file, message } of app.leftOut) app.log.error({ file, message }, 'connector file left out');
    serveOverStdio(app);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`headwater: ${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  if (process.stdin.isTTY) {
    process.stderr.write(
      'Headwater waits here for an MCP client: start it from one, or see `headwater --help`. Ctrl-C ends it.\n',
    );
  }
}
