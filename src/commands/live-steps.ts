import type { OnStep } from '../probes/probe.ts';
import type { Step, StepStatus } from '../probes/report.ts';
import type { Output, Style } from './output/output.ts';
import { cut, pad, plain, widthOf } from './output/text.ts';

const MARKS: Readonly<Record<StepStatus, { mark: string; style: Style }>> = {
  pass: { mark: '✓', style: 'green' },
  warn: { mark: '!', style: 'yellow' },
  fail: { mark: '✗', style: 'red' },
  skip: { mark: '–', style: 'dim' },
};

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TURN_MS = 80;
const ERASE_LINE = '\r\u001b[2K';
const TIME_WIDTH = 7;

export interface LiveSteps {
  onStep: OnStep;
  /** Takes away the line of the step that runs. */
  stop: () => void;
}

/** Writes each step as it ends, and on a terminal the one that runs. */
export function showSteps(out: Output, titles: ReadonlyMap<string, string>): LiveSteps {
  const order = [...titles.values()].map(plain);
  const spinner = out.live ? spin(out) : undefined;
  spinner?.show(order[0]);
  return {
    onStep: (step, done, total) => {
      spinner?.hide();
      const width = Math.max(...order.slice(0, total).map(widthOf));
      out.write(`${stepLine(out, step, width, titles)}\n`);
      spinner?.show(done < total ? order[done] : undefined);
    },
    stop: () => spinner?.hide(),
  };
}

function stepLine(out: Output, step: Step, width: number, titles: ReadonlyMap<string, string>): string {
  const { mark, style } = MARKS[step.status];
  const name = `${mark} ${pad(plain(step.title), width)}`;
  const time = pad(step.status === 'skip' ? '' : duration(step.ms), TIME_WIDTH, 'right');
  const rest = plain(said(step, titles));
  const room = out.width === undefined ? Number.POSITIVE_INFINITY : out.width - widthOf(name) - TIME_WIDTH - 3;
  const quiet = step.status === 'pass' || step.status === 'skip';
  const shownName = step.status === 'skip' ? out.paint(style, name) : name.replace(mark, out.paint(style, mark));
  const shownRest = quiet ? out.paint('dim', cut(rest, room)) : cut(rest, room);
  return `${shownName} ${out.paint('dim', time)}  ${shownRest}`.trimEnd();
}

function said({ status, evidence, because, code, driver_code }: Step, titles: ReadonlyMap<string, string>): string {
  // Because of a step that failed, or for a reason of its own.
  if (status === 'skip') return titles.has(because ?? '') ? 'not reached' : (because ?? '');
  if (status === 'pass') return evidence ?? '';
  return [driver_code ?? code, evidence].filter((part) => part !== undefined).join(' · ');
}

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)} ms`;
}

function spin(out: Output): { show: (title: string | undefined) => void; hide: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const hide = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    out.write(ERASE_LINE);
  };
  return {
    hide,
    show: (title) => {
      if (title === undefined) return;
      let turn = 0;
      const draw = () =>
        out.write(`${ERASE_LINE}${out.paint('cyan', SPINNER[turn++ % SPINNER.length] ?? '')} ${title}`);
      draw();
      timer = setInterval(draw, TURN_MS);
      timer.unref();
    },
  };
}
