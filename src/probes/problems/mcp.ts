import type { ProblemKind } from './kind.ts';

/** Answers of remote MCP servers. Sources: the protocol's revisions from 2024-11-05 to 2026-07-28. */
export const MCP_PROBLEMS = {
  MCP_NOT_MCP: {
    actor: 'user',
    roles: ['url'],
    says: ({ host, what }) => `${host} answers, but not as an MCP server: ${what}`,
    fix: () => 'Give the whole address of the MCP endpoint; it often ends in /mcp, or in /sse for old servers.',
  },
  MCP_NOT_FOUND: {
    actor: 'user',
    roles: ['url'],
    says: ({ what }) => `There is no MCP endpoint at ${what}`,
    fix: () => 'Give the whole address of the endpoint; it often ends in /mcp, or in /sse for old servers.',
  },
  MCP_WRONG_TRANSPORT: {
    actor: 'user',
    fields: ['transport'],
    says: ({ host, what }) => `${host} is an MCP server, but of another transport: ${what}`,
    fix: ({ what }) => `Set transport to ${what}, or leave it at auto.`,
  },
  MCP_VERSION: {
    actor: 'vendor',
    roles: ['url'],
    says: ({ host, what }) => `${host} speaks no revision of MCP that Headwater knows: ${what}`,
    fix: () => 'Update the server, or Headwater: it speaks the revisions from 2024-10-07 to 2026-07-28.',
  },
  MCP_BROKEN_ANSWER: {
    actor: 'vendor',
    roles: ['url'],
    says: ({ host, what }) => `${host} breaks the MCP protocol: ${what}`,
    fix: () => 'Report it to those who run the server, with the evidence of this step.',
  },
  MCP_ERROR: {
    actor: 'vendor',
    says: ({ host, what }) => `${host} answers ${what} with an error`,
    fix: () => 'Read the evidence of this step; if it says nothing that you can mend, ask those who run the server.',
  },
  MCP_SESSION_REFUSED: {
    actor: 'vendor',
    retryable: true,
    says: ({ host, what }) => `${host} refuses the session that it has just begun (status ${what})`,
    fix: () =>
      'Test again. If it stays, the server runs several instances that do not share their sessions: those who run it must route a session to one of them.',
  },
  MCP_FOREIGN_ENDPOINT: {
    actor: 'vendor',
    roles: ['url'],
    says: ({ host, what }) => `${host} wants its messages sent to another address: ${what}`,
    fix: () =>
      'Messages go to the address of base_url alone, so that credentials go nowhere else. Set base_url to the other address, if that is the server you mean.',
  },
  MCP_TOO_LARGE: {
    actor: 'vendor',
    says: ({ host, what }) => `${host} sends more than can be looked at: ${what}`,
    fix: () => 'Ask those who run the server for an endpoint with fewer tools, or for pages in its list.',
  },
  MCP_NO_TOOLS: {
    actor: 'vendor',
    says: ({ host }) => `${host} is an MCP server, but offers no tools with these credentials`,
    fix: () => 'Check whether this is the server you mean, and whether other credentials may see more.',
  },
  MCP_TOOL_NOT_FOUND: {
    actor: 'user',
    fields: ['selected_tools'],
    says: ({ what }) => `The server has no ${what}`,
    fix: ({ fix }) => fix || 'Correct selected_tools, or leave it out for all tools. discover_source lists them.',
  },
  MCP_AUTH_MISSING: {
    actor: 'user',
    fields: ['auth'],
    says: ({ host, what }) => `${host} wants credentials, and none are set${what ? ` (${what})` : ''}`,
    fix: ({ fix }) => fix || 'Set auth to bearer with an access token, or to header, best as a reference.',
  },
  MCP_AUTH_REJECTED: {
    actor: 'user',
    fields: ['auth'],
    says: ({ host, what }) => `${host} rejected the credentials${what ? ` (${what})` : ''}`,
    fix: ({ fix }) => fix || 'Check whether the token is whole, not expired, and made for this server.',
  },
  MCP_FORBIDDEN: {
    actor: 'vendor',
    fields: ['auth'],
    says: ({ host, what }) => `${host} knows the credentials, but they may not do this${what ? ` (${what})` : ''}`,
    fix: ({ fix }) => fix || 'Have the scope or role of the credentials extended.',
  },
  MCP_AUTH_UNPROVEN: {
    actor: 'user',
    fields: ['auth'],
    says: ({ host, what }) => `What ${host} answers does not prove the credentials: ${what}`,
    fix: ({ fix }) =>
      fix || 'If the server is open to everybody, remove the credentials (auth: {}); else check its settings.',
  },
} as const satisfies Record<string, ProblemKind>;
