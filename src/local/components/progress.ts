// What the set-up of components tells while it works, and its display: bars on a terminal, plain lines elsewhere.
import pc from 'picocolors';

/** One message about one component. */
export interface ComponentProgress {
  /** `Temporal CLI 1.9.1`. */
  component: string;
  state: 'working' | 'ready';
  /** What is done now: `downloading 46 jars`, `building from source`. */
  doing: string;
  /** How much is done, in `unit`; absent when that is not known. */
  done?: number;
  total?: number;
  unit?: 'bytes' | 'packages' | 'modules';
  /** Where it is, or will be. */
  path: string;
}

export type OnProgress = (progress: ComponentProgress) => void;

/** A plain line is repeated when this share of the work was done since the last. */
const LINE_EVERY = 0.25;
const REDRAW_MS = 100;
const BAR_WIDTH = 20;

/**
 * A display on a stream: redrawn in place on a terminal, otherwise a line when something begins, at each quarter and
 * when it is ready. Components that were ready from the start are not mentioned. Call `end` when all is done.
 */
export function progressDisplay(stream: NodeJS.WriteStream): { onProgress: OnProgress; end(): void } {
  return stream.isTTY ? terminalDisplay(stream) : lineDisplay(stream);
}

function lineDisplay(stream: NodeJS.WriteStream): { onProgress: OnProgress; end(): void } {
  const told = new Map<string, { doing: string; share: number }>();
  const onProgress: OnProgress = (progress) => {
    const before = told.get(progress.component);
    const share = shareOf(progress) ?? 0;
    if (progress.state === 'ready') {
      if (before) stream.write(`${progress.component}: ready, ${progress.path}\n`);
      told.delete(progress.component);
    } else if (before?.doing !== progress.doing || share - before.share >= LINE_EVERY) {
      stream.write(`${describeProgress(progress)}\n`);
      told.set(progress.component, { doing: progress.doing, share });
    }
  };
  return { onProgress, end: () => undefined };
}

function terminalDisplay(stream: NodeJS.WriteStream): { onProgress: OnProgress; end(): void } {
  const shown = new Map<string, ComponentProgress>();
  let lines = 0;
  let drawnAtMs = 0;
  const draw = () => {
    if (shown.size === 0) return;
    const text = [...shown.values()].map((progress) => fit(describeProgress(progress), stream.columns));
    stream.write((lines > 0 ? `\x1b[${lines}A` : '') + text.map((line) => `\x1b[2K${line}\n`).join(''));
    lines = text.length;
    drawnAtMs = Date.now();
  };
  const onProgress: OnProgress = (progress) => {
    if (progress.state === 'ready' && !shown.has(progress.component)) return;
    const redraw =
      shown.get(progress.component)?.doing !== progress.doing || Date.now() - drawnAtMs > REDRAW_MS;
    shown.set(progress.component, progress);
    if (redraw) draw();
  };
  return { onProgress, end: draw };
}

/** `Kafka 4.4.0: downloading 46 jars  12.3 of 43.0 MB (into /home/…)`. */
export function describeProgress(progress: ComponentProgress): string {
  const name = pc.bold(progress.component);
  if (progress.state === 'ready') return `${name}: ${pc.green('ready')} ${pc.dim(progress.path)}`;
  const share = shareOf(progress);
  const bar = share === undefined ? '' : ` ${drawBar(share)} ${amountOf(progress)}`;
  return `${name}: ${progress.doing}${bar} ${pc.dim(`-> ${progress.path}`)}`;
}

function shareOf({ done, total }: ComponentProgress): number | undefined {
  return done === undefined || total === undefined || total === 0 ? undefined : Math.min(1, done / total);
}

function drawBar(share: number): string {
  const full = Math.floor(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${Math.floor(share * 100)} %`;
}

function amountOf({ done = 0, total = 0, unit = 'bytes' }: ComponentProgress): string {
  const left = Math.max(0, total - done);
  return unit === 'bytes'
    ? `${megabytes(left)} of ${megabytes(total)} MB left`
    : `${left} of ${total} ${unit} left`;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** Cuts a line to the width of the terminal, so that it is one line on it; escape sequences count nothing. */
function fit(line: string, columns: number): string {
  let width = 0;
  return line.replace(/\x1b\[[0-9;]*m|[^\x1b]/gu, (part) =>
    part.startsWith('\x1b') || ++width < columns ? part : '',
  );
}
