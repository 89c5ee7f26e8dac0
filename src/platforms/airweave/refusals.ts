import { type FieldProblem, HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import { readRefusal, refusalOf } from '../remote/refusal.ts';

export const PLATFORM = 'Airweave';

/** What a request of ours is refused for, by what the answer says; the first that fits. */
const REASONS: readonly { says: RegExp; at: readonly number[]; hint: string; field?: string }[] = [
  {
    at: [400, 402],
    says: /limit|quota|usage|plan|payment|subscription|billing/i,
    hint: "Airweave's plan permits no more: delete what is not needed there, or have the plan raised.",
  },
  {
    at: [403],
    says: /feature|flag|field/i,
    hint: 'Leave the field out, or have Airweave switch the feature on.',
  },
  {
    at: [404],
    says: /collection/i,
    field: '/options/collection',
    hint: 'Name a collection that is there, or let options.create_collection make one.',
  },
  {
    at: [404, 400],
    says: /provider/i,
    field: '/config/auth/provider_readable_id',
    hint: 'Name an auth provider that is set up at Airweave and serves this source.',
  },
  {
    at: [404],
    says: /source/i,
    field: '/connector',
    hint: 'This Airweave does not offer the source: it is another version, or a feature is not switched on.',
  },
  {
    at: [400],
    says: /credential|token|api key|unauthori|invalid|revoked|expired/i,
    field: '/config/auth',
    hint: 'Airweave tried the credentials at the service and was refused; it calls every kind a token. Give good ones.',
  },
];

/** A refusal with whatever of it can be told: the fields that it means, and what to do. */
export function rejected(answer: ApiAnswer): HeadwaterError {
  const { text } = readRefusal(answer);
  const reason = REASONS.find(({ says, at }) => at.includes(answer.status) && says.test(text));
  const isFlag = answer.status === 403 && reason !== undefined;
  const error = refusalOf(answer, {
    platform: PLATFORM,
    fieldOf,
    ...(reason ? { hint: reason.hint } : {}),
    ...(isFlag || answer.status === 402 ? { code: 'PLATFORM_REJECTED' as const } : {}),
  });
  const fields = [...(error.details.fields ?? []), ...listed(answer), ...placed(reason?.field, text)];
  if (fields.length === 0) return error;
  return new HeadwaterError(error.code, error.message, { ...error.details, fields: unique(fields) });
}

function placed(field: string | undefined, text: string): FieldProblem[] {
  return field === undefined ? [] : [{ field, message: text === '' ? 'is not accepted' : text }];
}

function unique(fields: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(fields.map((each) => [each.field, each])).values()];
}

const TOP: Readonly<Record<string, string>> = {
  name: '/name',
  description: '/description',
  short_name: '/connector',
  readable_collection_id: '/options/collection',
  redirect_url: '/options/redirect_url',
  sync_immediately: '/sync_immediately',
};

/** `body.authentication.DirectAuthentication.credentials.api_key` is our `/config/auth/api_key`. */
function fieldOf(path: string): string | undefined {
  const [, group = '', ...rest] = path.split('.');
  const last = rest.filter((part) => /^[a-z][a-z0-9_]*$/.test(part) && part !== 'credentials').at(-1);
  if (group === 'config') return last ? `/config/${last}` : '/config';
  if (group === 'authentication') return last ? `/config/auth/${last}` : '/config/auth';
  if (group === 'schedule') return last ? `/schedule/${last}` : '/schedule';
  return TOP[group];
}

/** `Invalid auth fields: api_key: too short; …`: fields in a sentence. */
function listed(answer: ApiAnswer): FieldProblem[] {
  const { text } = readRefusal(answer);
  const [, group, list = ''] = /^Invalid (auth|config) fields?: ?([\s\S]*)$/i.exec(text) ?? [];
  if (group === undefined) return [];
  const base = group.toLowerCase() === 'auth' ? '/config/auth' : '/config';
  return list.split(/;\s*/).flatMap((each) => {
    const [, name, message] = /^([A-Za-z_][\w.]*): ?(.+)$/s.exec(each.trim()) ?? [];
    return name && message ? [{ field: `${base}/${name.replaceAll('.', '/')}`, message }] : [];
  });
}
