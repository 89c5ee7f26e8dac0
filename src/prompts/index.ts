import type { PromptDefinition } from './define-prompt.ts';
import { fixConnectionPrompt } from './fix-connection.ts';
import { onboardSourcePrompt } from './onboard-source.ts';

export const PROMPTS: readonly PromptDefinition[] = [onboardSourcePrompt, fixConnectionPrompt];
