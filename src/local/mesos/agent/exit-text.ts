// How a command ended, as Mesos words it.
import { constants } from 'node:os';

/** glibc's strsignal for the signals that end processes; others are named by their constant. */
const SIGNAL_TEXTS: Record<string, string> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGILL: 'Illegal instruction',
  SIGTRAP: 'Trace/breakpoint trap',
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1',
  SIGSEGV: 'Segmentation fault',
  SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
};

export interface CommandEnd {
  /** Whether it exited with status 0. */
  succeeded: boolean;
  /** `Command exited with status 143`, `Command terminated with signal Terminated` */
  text: string;
}

/** Reads a raw wait status (wait(2)). */
export function commandEnd(waitStatus: number): CommandEnd {
  const signalNumber = waitStatus & 0x7f;
  const status = (waitStatus >> 8) & 0xff;
  if (signalNumber === 0) return { succeeded: status === 0, text: `Command exited with status ${status}` };
  const name = Object.entries(constants.signals).find(([, number]) => number === signalNumber)?.[0];
  const text = name === undefined ? undefined : (SIGNAL_TEXTS[name] ?? name);
  return {
    succeeded: false,
    text: `Command terminated with signal ${text ?? `Unknown signal ${signalNumber}`}`,
  };
}

/** Exit status of a task whose gate closed before it was let go: it never ran. */
export const NEVER_RAN_STATUS = 125 << 8;
