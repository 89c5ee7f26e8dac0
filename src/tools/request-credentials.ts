import { z } from 'zod';
import { HeadwaterError } from '../errors.ts';
import { SESSION_STATES } from '../sources/credential-sessions.ts';
import { requestCredentials } from '../sources/credentials.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const requestCredentialsTool = defineTool({
  name: 'request_credentials',
  title: 'Have a person give credentials',
  description:
    'A person gives secrets on a page that tests them; you never see them. Give connector and the other config, or source_id; pass on url and match_code; call again with session_id and wait_s. Then use reference as each secret.',
  input: z.strictObject({
    connector: inputs.connectorCode.optional(),
    source_id: inputs.sourceId.optional(),
    platform: inputs.platform,
    config: z.looseObject({}).optional(),
    fields: z.array(z.string().max(100)).max(20).optional(),
    session_id: z.string().max(60).optional(),
    wait_s: z.number().min(0).max(50).optional(),
  }),
  output: z.object({
    session_id: z.string(),
    url: z.string().optional(),
    match_code: z.string(),
    fields: z.array(z.string()),
    state: z.enum(SESSION_STATES),
    expires_at: z.string(),
    reference: z.string(),
    config: z.looseObject({}).optional(),
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  errors: [...PLATFORM_ERRORS, 'CONNECTOR_NOT_FOUND', 'SOURCE_NOT_FOUND', 'SESSION_NOT_FOUND', 'INVALID_CONFIG'],
  handler: async (input, { services, call, person }) => {
    const named = [input.connector, input.source_id, input.session_id].filter((value) => value !== undefined);
    if (named.length !== 1) throw notOne();
    const shown = person.wasShown();
    if (shown !== undefined) {
      return { ...(await requestCredentials(services, { session_id: shown, wait_s: input.wait_s ?? 0 }, call)) };
    }
    const { wait_s: waitS = 0, ...wanted } = defined(input);
    const begun = await requestCredentials(services, input.session_id === undefined ? wanted : defined(input), call);
    if (begun.url === undefined) return { ...begun };
    // Where the client opens the page itself, this call comes again, and goes on behind the branch above.
    await person.show(
      begun.url,
      `Headwater asks for credentials; the page must show ${begun.match_code}.`,
      begun.session_id,
    );
    if (waitS === 0) return { ...begun };
    call.onProgress?.(`Waiting for a person to open ${begun.url}; it must show ${begun.match_code}.`);
    const later = await requestCredentials(services, { session_id: begun.session_id, wait_s: waitS }, call);
    return later.state === 'waiting' ? { ...later, url: begun.url } : { ...later };
  },
});

function notOne(): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', 'Give one of connector, source_id and session_id.', {
    fields: [{ field: '/connector', message: 'or source_id, or session_id: exactly one' }],
  });
}
