// The command against the API: what it asks, what it prints, how it ends.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MillraceError } from '../../src/model/errors.ts';
import type { Simulated } from '../../src/model/placement/simulate.ts';
import type { PlanProgress, Status } from '../../src/model/plan/plan.ts';
import { hasEnded, setStep } from '../../src/model/plan/progress.ts';
import { sampleProgress, sampleState } from '../api/fake-gateway.ts';
import { cliAt, withApi } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const ID = 'orders/install#1';

/** The sample plan with every step in one state. */
function progressIn(status: Status, change: Partial<PlanProgress> = {}): PlanProgress {
  const progress = { ...sampleProgress(), ...change };
  for (const { steps } of progress.phases)
    for (const { id } of steps) setStep(progress, id, { status, nowMs: 2_000 });
  if (hasEnded(status)) progress.endedAtMs = 2_500;
  return progress;
}

/** The progress that the API answers with, one after the other; the last again and again. */
function sequence(...all: (PlanProgress | MillraceError)[]) {
  let next = 0;
  return async () => {
    const one = all[Math.min(next, all.length - 1)]!;
    next += 1;
    if (one instanceof MillraceError) throw one;
    return structuredClone(one);
  };
}

describe('millrace cluster', () => {
  it('installs from a file and says how to follow', async () => {
    await withApi({}, async (cli, gateway) => {
      const ran = await cli(['cluster', 'install', '-f', file('orders.yaml', 'name: orders\n')]);
      expect(ran).toMatchObject({ code: 0, err: '' });
      expect(ran.out).toContain(`millrace op watch '${ID}'`);
      expect(gateway.asked[0]).toMatchObject([
        'install',
        { spec: { name: 'orders' }, requestedBy: expect.any(String) },
        undefined,
      ]);
    });
  });

  it('shows every mistake of a spec with file, line and column, and ends with 6', async () => {
    await withApi({}, async (cli, gateway) => {
      const path = file('bad.yaml', 'name: orders\nbrokers:\n  count: 0\nbrokrs: 1\n');
      const { code, out, err } = await cli(['cluster', 'install', '-f', path]);
      expect(code).toBe(6);
      expect(out).toBe('');
      expect(err).toContain(`${path}:4:1: `);
      expect(err).toContain(`${path}:3:10: `);
      expect(gateway.asked).toEqual([]);
    });
  });

  it('ends with 2 when the file is not there', async () => {
    const { code, err } = await cliAt('http://127.0.0.1:1', ['cluster', 'install', '-f', '/nowhere.yaml']);
    expect(code).toBe(2);
    expect(err).toContain('/nowhere.yaml');
  });

  it('ends with 4 and names the operation when the cluster exists', async () => {
    const taken = new MillraceError('CLUSTER_EXISTS', `taken by ${ID}`);
    await withApi({ install: () => Promise.reject(taken) }, async (cli) => {
      const { code, err } = await cli(['cluster', 'install', '-f', file('orders.yaml', 'name: orders\n')]);
      expect([code, err]).toEqual([4, `millrace: taken by ${ID}\n`]);
    });
  });

  it('lists as a table, JSON and YAML with the same facts', async () => {
    await withApi({}, async (cli) => {
      const table = (await cli(['cluster', 'list'])).out.split('\n');
      expect(table[0]?.split(/ {2,}/)).toEqual([
        'NAME',
        'STATUS',
        'KAFKA',
        'BROKERS',
        'OPERATION',
        'PROBLEM',
      ]);
      expect(table[1]).toMatch(/^orders +INSTALLING +\S+ +0\/3 +- +-$/);
      const json = JSON.parse((await cli(['-o', 'json', 'cluster', 'list'])).out);
      const yaml = parse((await cli(['cluster', 'list', '-o', 'yaml'])).out);
      expect(json).toEqual(yaml);
      expect(json.clusters[0]).toMatchObject({ name: 'orders', brokers: { ready: 0, total: 3 } });
    });
  });

  it('shows a cluster with its bootstrap servers and nodes', async () => {
    await withApi({}, async (cli) => {
      const { out } = await cli(['cluster', 'get', 'team/orders']);
      expect(out).toMatch(/Bootstrap +127\.0\.0\.\d:\d+,127\.0\.0\.\d:\d+,/);
      expect(out).toMatch(/broker-0 +0 +PLANNED/);
    });
  });

  it('uninstalls nothing without --yes where nobody can be asked', async () => {
    await withApi({}, async (cli, gateway) => {
      expect(await cli(['cluster', 'uninstall', 'orders'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('--yes'),
      });
      expect(gateway.asked).toEqual([]);
      expect((await cli(['cluster', 'uninstall', 'orders', '--yes'])).code).toBe(0);
      expect(gateway.asked[0]?.slice(0, 2)).toEqual(['uninstall', 'orders']);
    });
  });

  it('ends with 3 for a cluster that is not there', async () => {
    const missing = new MillraceError('CLUSTER_NOT_FOUND', 'no such cluster');
    await withApi({ cluster: () => Promise.reject(missing) }, async (cli) => {
      expect((await cli(['broker', 'list', 'nobody'])).code).toBe(3);
    });
  });

  it('lists brokers with their addresses', async () => {
    await withApi({}, async (cli) => {
      const { placement } = sampleState().nodes['broker-2']!;
      expect((await cli(['broker', 'list', 'orders'])).out).toContain(
        `${placement!.hostname}:${placement!.port}`,
      );
    });
  });
});

describe('millrace op watch', () => {
  it('prints each change as a line where it can not redraw, and ends with 0 when complete', async () => {
    const progress = sequence(
      sampleProgress(),
      progressIn('RUNNING'),
      progressIn('RUNNING'),
      progressIn('COMPLETE'),
    );
    await withApi({ progress }, async (cli) => {
      const { code, out } = await cli(['op', 'watch', ID]);
      expect(code).toBe(0);
      expect(out.match(/start:broker-0 RUNNING/g)).toHaveLength(1);
      expect(out.match(/start:broker-0 COMPLETE/g)).toHaveLength(1);
      expect(out.trimEnd().split('\n').at(-1)).toContain(`${ID} COMPLETE`);
    });
  });

  it('redraws the tree on a terminal, with no line wider than it', async () => {
    const long = progressIn('RUNNING');
    setStep(long, 'start:broker-0', { status: 'WAITING', reason: 'x'.repeat(300), nowMs: 2_000 });
    await withApi({ progress: sequence(long, progressIn('COMPLETE')) }, async (cli) => {
      const { out } = await cli(['op', 'watch', ID], {
        isTty: true,
        size: () => ({ columns: 60, rows: 50 }),
      });
      expect(out).toContain('\x1b[J');
      const lines = out.replaceAll(/\x1b\[[0-9]*[AJ]|\r/g, '').split('\n');
      expect(lines.filter((line) => line.length > 60)).toEqual([]);
    });
  });

  it('ends with 5 and says what to do when a step failed, and goes on with --follow', async () => {
    const failed = progressIn('COMPLETE');
    setStep(failed, 'start:broker-1', { status: 'FAILED', reason: 'artifact is gone', nowMs: 3_000 });
    const all = () => sequence(failed, progressIn('COMPLETE'));
    await withApi({ progress: all() }, async (cli) => {
      const { code, err } = await cli(['op', 'watch', ID]);
      expect(code).toBe(5);
      expect(err).toContain('artifact is gone');
      expect(err).toContain(`millrace op retry '${ID}' start:broker-1`);
    });
    await withApi({ progress: all() }, async (cli) => {
      expect((await cli(['op', 'watch', ID, '--follow'])).code).toBe(0);
    });
  });

  it('ends with 5 when paused and with 1 when aborted', async () => {
    await withApi({ progress: sequence(progressIn('RUNNING', { paused: true })) }, async (cli) => {
      expect(await cli(['op', 'watch', ID])).toMatchObject({
        code: 5,
        err: expect.stringContaining('op resume'),
      });
    });
    await withApi({ progress: sequence(progressIn('ABORTED')) }, async (cli) => {
      expect((await cli(['op', 'watch', ID])).code).toBe(1);
    });
  });

  it('waits out an API that loses Temporal, and says so', async () => {
    const away = new MillraceError('TEMPORAL_UNREACHABLE', 'Temporal is away.');
    await withApi(
      { progress: sequence(progressIn('RUNNING'), away, progressIn('COMPLETE')) },
      async (cli) => {
        expect(await cli(['op', 'watch', ID])).toMatchObject({
          code: 0,
          err: expect.stringContaining('Temporal is away.'),
        });
      },
    );
  });

  it('stops with --timeout while the operation goes on', async () => {
    await withApi({ progress: sequence(progressIn('RUNNING')) }, async (cli) => {
      const { code, err } = await cli(['op', 'watch', ID, '--timeout', '3']);
      expect([code, err]).toEqual([1, expect.stringContaining('goes on by itself')]);
    });
  });

  it('prints only the last state as JSON', async () => {
    await withApi({ progress: sequence(progressIn('RUNNING'), progressIn('COMPLETE')) }, async (cli) => {
      const { out } = await cli(['op', 'watch', ID, '-o', 'json']);
      expect(JSON.parse(out)).toMatchObject({ operationId: ID, state: 'COMPLETE' });
    });
  });
});

describe('millrace op', () => {
  it.each([
    [
      ['pause', ID],
      ['pause', {}],
    ],
    [
      ['resume', ID, '--reason', 'ok'],
      ['resume', { reason: 'ok' }],
    ],
    [
      ['retry', ID, 'verify'],
      ['retryStep', { step: 'verify' }],
    ],
    [
      ['skip', ID, 'verify', '--reason', 'later'],
      ['skipStep', { step: 'verify', reason: 'later' }],
    ],
    [
      ['abort', ID, '--reason', 'wrong'],
      ['abort', { reason: 'wrong' }],
    ],
  ])('%j is told to the operation', async (args, [message, argument]) => {
    await withApi({}, async (cli, gateway) => {
      expect((await cli(['op', ...args])).code).toBe(0);
      expect(gateway.asked).toEqual([
        ['tell', ID, message, { ...(argument as object), by: expect.any(String) }],
      ]);
    });
  });

  it('list asks for a cluster and a state', async () => {
    await withApi({}, async (cli, gateway) => {
      await cli(['op', 'list', '--cluster', 'team/orders', '--state', 'FAILED']);
      expect(gateway.asked).toEqual([
        ['operations', { cluster: 'team/orders', state: 'FAILED', limit: 100 }],
      ]);
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['cluster', 'install'], '--file'],
    [['op', 'abort', ID], '--reason'],
    [['op', 'list', '--state', 'SLEEPING'], 'RUNNING'],
    [['op', 'watch', ID, '--timeout', 'soon'], 'seconds'],
    [['cluster', 'lst'], 'list'],
    [['cluster', 'list', '-o', 'xml'], 'table'],
  ])('%j ends with 2 and says what is accepted', async (args, named) => {
    const { code, out, err } = await cliAt('http://127.0.0.1:1', args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(named);
  });
});

describe('millrace cluster why', () => {
  const answer = {
    atMs: 9,
    explanations: [
      {
        nodes: ['broker-0', 'broker-1'],
        stage: 'PLACE' as const,
        wants: ['cpus 1.1', 'hostname UNIQUE'],
        everywhere: ['quota of role r exhausted: cpus limit 4.0, consumed 4.0, wanted 1.1'],
        agents: [
          {
            agentId: 'A1',
            hostname: 'h1',
            fits: false,
            reasons: ['cpus 0.5 < 1.1', 'hostname UNIQUE (broker-2 is there)'],
            notes: ['scheduled for maintenance at noon'],
            obstacles: [],
            offeredAtMs: 0,
          },
        ],
        agentsLeftOut: 4,
        advice: ['add an agent'],
      },
    ],
    offers: Array.from({ length: 25 }, (_, n) => ({
      atMs: n * 1_000,
      offerId: `o${n}`,
      agentId: 'A1',
      hostname: 'h1',
      offered: `cpus ${n}`,
      outcome: 'expired' as const,
      reason: 'place broker-0: cpus 0.5 < 1.1',
    })),
    unknown: ['quotas: GET_QUOTA was refused'],
  };
  const why = async () => ({
    state: sampleState(),
    waiting: (['broker-0', 'broker-1'] as const).map((node) => ({
      node,
      kind: 'broker' as const,
      stage: 'PLACE' as const,
      operationId: ID,
      status: 'WAITING' as const,
      sinceMs: 500,
      reason: '1 agent: 1 cpus 0.5 < 1.1 [h1]',
    })),
    answer,
  });

  it('shows what waits, each agent, the last offers, and what can be done', async () => {
    await withApi({ why }, async (cli) => {
      const { code, out } = await cli(['cluster', 'why', 'orders']);
      expect(code).toBe(0);
      for (const text of [
        /^broker-0 +a place +WAITING +0\.5 s +1 agent: 1 cpus 0\.5 < 1\.1 \[h1\]$/m,
        /^broker-0, broker-1 want each cpus 1\.1, hostname UNIQUE$/m,
        /^ {2}on no agent: quota of role r exhausted/m,
        /^h1 +A1 +1970-01-01 00:00:00 +cpus 0\.5 < 1\.1; hostname UNIQUE \(broker-2 is there\); \(scheduled for maintenance at noon\)$/m,
        /4 more agents/,
        /^ {2}- add an agent$/m,
        /^1970-01-01 00:00:24 +h1 +cpus 24 +expired +place broker-0: cpus 0\.5 < 1\.1$/m,
        /5 older offers/,
        /quotas: GET_QUOTA was refused/,
      ])
        expect(out).toMatch(text);
      expect(out).not.toContain('cpus 4 ');
    });
  });

  it('prints all of it as JSON and YAML', async () => {
    await withApi({ why }, async (cli) => {
      const json = JSON.parse((await cli(['cluster', 'why', 'orders', '-o', 'json'])).out) as {
        offers: { offerId: string }[];
      };
      expect(json.offers.map(({ offerId }) => offerId)).toEqual(
        Array.from({ length: 25 }, (_, n) => `o${24 - n}`),
      );
      expect(parse((await cli(['cluster', 'why', 'orders', '-o', 'yaml'])).out)).toEqual(json);
    });
  });

  it('says that nothing waits, and why there is no session', async () => {
    const state = {
      ...sampleState(),
      sessionProblem: { code: 'MESOS_UNREACHABLE' as const, reason: 'no master' },
    };
    await withApi({ why: async () => ({ state, waiting: [], answer: null }) }, async (cli) => {
      const { code, out } = await cli(['cluster', 'why', 'orders']);
      expect(code).toBe(0);
      expect(out).toBe(
        'No node of orders waits to be placed or launched (INSTALLING).\nIt has no Mesos session: no master\n',
      );
    });
  });
});

describe('millrace cluster install --dry-run', () => {
  const spec = file('dry.yaml', 'name: orders\n');
  const preflight = (nodes: Simulated[]) => async () => ({
    answer: { atMs: 1, agents: 1, nodes, tight: false, quota: [], frameworksInRole: [], unknown: [] },
    existing: null,
    roleHolder: null,
  });
  const fit: Simulated = { node: 'broker-0', fits: true, agentId: 'A1', hostname: 'h1', port: 31_000 };

  it('says which node would go where, installs nothing and ends with 0', async () => {
    await withApi({ preflight: preflight([fit]) }, async (cli, gateway) => {
      const { code, out } = await cli(['cluster', 'install', '-f', spec, '--dry-run']);
      expect(code).toBe(0);
      expect(out).toMatch(/^orders \(role orders-role\) fits now\. Nothing was installed or reserved\.$/m);
      expect(out).toMatch(/^broker-0 +h1 +31000 +A1 +-$/m);
      expect(gateway.asked.map(([name]) => name)).toEqual(['preflight']);
    });
  });

  it('ends with 6 when it does not fit, with the reasons of each agent', async () => {
    const agents = [
      {
        agentId: 'A1',
        hostname: 'h1',
        fits: false,
        reasons: ['agent is draining'],
        notes: [],
        obstacles: [],
      },
    ];
    const nodes: Simulated[] = [
      fit,
      { node: 'broker-1', fits: false, agents, agentsLeftOut: 0 },
      { node: 'broker-2', fits: false, sameAs: 'broker-1' },
    ];
    await withApi({ preflight: preflight(nodes) }, async (cli) => {
      const { code, out } = await cli(['cluster', 'install', '-f', spec, '--dry-run']);
      expect(code).toBe(6);
      expect(out).toMatch(/does not fit now/);
      expect(out).toMatch(/^h1 +A1 +- +agent is draining$/m);
      expect(out).toMatch(/^broker-2 .*as broker-1$/m);
      const json = await cli(['cluster', 'install', '-f', spec, '--dry-run', '-o', 'json']);
      expect(json.code).toBe(6);
      expect(JSON.parse(json.out)).toMatchObject({ fits: false, nodes: [{}, { node: 'broker-1' }, {}] });
    });
  });
});
