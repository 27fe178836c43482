// What a command has to do with the world: streams, environment, clock. Passed in, so that tests can look at it.

export interface Io {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether `out` is a terminal that can be redrawn. */
  isTty: boolean;
  /** Whether a person can be asked something. */
  canAsk: boolean;
  color: boolean;
  /** Size of the terminal at this moment. */
  size: () => { columns: number; rows: number };
  env: NodeJS.ProcessEnv;
  nowMs: () => number;
  sleep: (ms: number) => Promise<void>;
}

/** The process's own. */
export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  const isTty = stdout.isTTY;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isTty,
    canAsk: isTty && stdin.isTTY,
    color: isTty && (env['NO_COLOR'] ?? '') === '',
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    env,
    nowMs: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
