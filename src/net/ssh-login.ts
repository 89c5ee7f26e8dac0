import type { AnyAuthMethod } from 'ssh2';
import type { ClientKey } from './ssh-client-key.ts';
import { SshFault } from './ssh-fault.ts';

export type SshCredentials = { username: string } & ({ password: string } | { key: ClientKey });

/** What to try next, after a try that failed: `taken` is what the server says that it takes. Nothing is the end of it. */
export type NextTry = (taken: readonly string[], partial: boolean) => AnyAuthMethod | undefined;

/**
 * The order of a login: nothing first, which tells what the server takes, then the one thing that there are credentials
 * for. So a password is sent once, and only to a server that asks for passwords. `refused` hears of the end of it.
 */
export function loginTries(credentials: SshCredentials, refused: (fault: SshFault) => void): NextTry {
  const { username } = credentials;
  let tried: 'nothing' | 'password' | 'key' | undefined;
  const refuse = (kind: SshFault['kind'], said: string) => {
    refused(new SshFault(kind, { said }));
    return undefined;
  };
  return (taken, partial) => {
    const said = taken.join(', ');
    if (partial) return refuse('more', said);
    if (tried === 'password') return refuse('password_rejected', said);
    if (tried === 'key') return refuse('key_rejected', said);
    if (tried === undefined) {
      tried = 'nothing';
      return { type: 'none', username };
    }
    if ('key' in credentials) {
      if (!taken.includes('publickey')) return refuse('way', said);
      tried = 'key';
      return { type: 'publickey', username, key: credentials.key.key };
    }
    tried = 'password';
    const { password } = credentials;
    if (taken.includes('password')) return { type: 'password', username, password };
    if (!taken.includes('keyboard-interactive')) return refuse('way', said);
    return { type: 'keyboard-interactive', username, prompt: answering(password, refuse) };
  };
}

interface Prompt {
  prompt: string;
  echo?: boolean;
}

/** Answers the question for a password, once. Anything else that is asked is for a person. */
function answering(password: string, refuse: (kind: SshFault['kind'], said: string) => void) {
  let answered: string | undefined;
  return (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: readonly Prompt[],
    finish: (answers: string[]) => void,
  ): void => {
    const [only, another] = prompts;
    const isPassword = only !== undefined && another === undefined && only.echo !== true;
    if (isPassword && answered === undefined) {
      answered = only.prompt;
      finish([password]);
    } else {
      // Who asks the same again did not like the answer.
      const again = isPassword && answered === only.prompt;
      refuse(again ? 'password_rejected' : 'more', prompts.map(({ prompt }) => prompt).join(' '));
    }
  };
}
