import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MillraceError } from '../../../src/model/errors.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { refusal } from './refusal.ts';

describe('a spec is refused', () => {
  it.each<[string, unknown, Record<string, RegExp>]>([
    ['when it is empty', null, { '': /^the spec is empty, but must be a map/ }],
    ['when it is no map', ['a'], { '': /^the spec is \["a"\], but must be a map/ }],
    ['without a name', {}, { name: /^name is missing, but must be text/ }],
    [
      'with an unknown key',
      { name: 'a', brokerz: {} },
      { brokerz: /^brokerz is not a known key; did you mean brokers\? accepted in the spec: name, kafka/ },
    ],
    [
      'with an unknown key below',
      { name: 'a', brokers: { disk: { size: 1 } } },
      { 'brokers.disk.size': /did you mean brokers.disk.sizeMb\?/ },
    ],
    [
      'with a key in the wrong place',
      { name: 'a', version: '4.4.0' },
      { version: /did you mean kafka.version\?/ },
    ],
    [
      'with a key like nothing',
      { name: 'a', zzzzzz: 1 },
      { zzzzzz: /^zzzzzz is not a known key; accepted in the spec: name/ },
    ],
    [
      'with a wrong type',
      { name: 'a', brokers: { count: '3' } },
      { 'brokers.count': /^brokers.count is "3", but must be a whole number; accepted: 1 to 1000$/ },
    ],
    ['with a list for a map', { name: 'a', brokers: [] }, { brokers: /^brokers is \[\], but must be a map/ }],
    [
      'with no brokers',
      { name: 'a', brokers: { count: 0 } },
      { 'brokers.count': /is 0, but .* accepted: 1 to 1000/ },
    ],
    [
      'with no controllers',
      { name: 'a', controllers: { count: 0 } },
      { 'controllers.count': /is 0, but .* accepted: 1 to 9/ },
    ],
    [
      'with an even quorum',
      { name: 'a', controllers: { count: 2 } },
      { 'controllers.count': /is 2, but must be odd.* accepted: 1, 3, 5, 7, 9/ },
    ],
    [
      'with a fraction of a node',
      { name: 'a', brokers: { count: 1.5 } },
      { 'brokers.count': /is 1.5, but must be a whole number/ },
    ],
    [
      'with as much heap as memory',
      { name: 'a', brokers: { heapMb: 2048 } },
      {
        'brokers.heapMb':
          /^brokers.heapMb is 2048, but must be less than brokers.memMb \(2048\); accepted: up to 1984$/,
      },
    ],
    [
      'with no room beside the heap',
      { name: 'a', controllers: { heapMb: 961 } },
      { 'controllers.heapMb': /must leave at least 64 of controllers.memMb \(1024\).* up to 960/ },
    ],
    [
      'with less memory than the default heap',
      { name: 'a', brokers: { memMb: 512 } },
      { 'brokers.heapMb': /^brokers.heapMb is missing, .*must be less than brokers.memMb \(512\)/ },
    ],
    [
      'with a longest pause that is shorter than the first',
      { name: 'a', recovery: { backoff: { initialSeconds: 400 } } },
      {
        'recovery.backoff.maxSeconds':
          /is missing, but must not be less than recovery.backoff.initialSeconds \(400\); accepted: 400 to 86400$/,
      },
    ],
    [
      'with a replacement before an agent can have restarted',
      { name: 'a', recovery: { replaceAfterSeconds: 10 } },
      { 'recovery.replaceAfterSeconds': /is 10, but .* accepted: 60 to 2592000$/ },
    ],
    [
      'with one disk and several',
      { name: 'a', brokers: { disk: { sizeMb: 500 }, disks: [{ sizeMb: 500 }] } },
      { 'brokers.disks': /must not be given beside brokers.disk; accepted: one of them/ },
    ],
    [
      'with no disk at all',
      { name: 'a', brokers: { disks: [] } },
      { 'brokers.disks': /is \[\], but must have one disk at least/ },
    ],
    [
      'with several disks of a controller',
      { name: 'a', controllers: { disks: [{ sizeMb: 500 }] } },
      { 'controllers.disks': /^controllers.disks is not a known key; did you mean controllers.disk\?/ },
    ],
    [
      'with a profile of a ROOT disk',
      { name: 'a', brokers: { disks: [{ sizeMb: 500 }, { sizeMb: 500, profile: 'fast' }] } },
      { 'brokers.disks.1.profile': /is "fast", but is for disks of the type MOUNT only/ },
    ],
    [
      'with a rack that is none',
      { name: 'a', rack: '@rack' },
      { rack: /must be @zone, @region, hostname or the name of an attribute/ },
    ],
    [
      'with a wrong row in a text of rows',
      { name: 'a', placement: { brokers: 'hostname:UNIQUE,rack:MAX_PER' } },
      { 'placement.brokers': /its row "rack:MAX_PER" is wrong: MAX_PER needs a whole number from 1/ },
    ],
    [
      'with JSON rows that are none',
      { name: 'a', placement: { brokers: '[["hostname"' } },
      { 'placement.brokers': /must be rows of text; accepted: \[field, operator, parameter\]/ },
    ],
    [
      'with a pattern that could run for ever',
      { name: 'a', placement: { brokers: [['rack', 'LIKE', '(a)\\1']] } },
      { 'placement.brokers.0': /regular expression is not valid .*back-references are not taken/ },
    ],
    [
      'with a checksum that is none',
      { name: 'a', kafka: { artifact: { uri: 'https://x.test/k.tgz', sha256: 'ABC' } } },
      { 'kafka.artifact.sha256': /is "ABC", but .*accepted: 64 lower-case hex digits/ },
    ],
    [
      'with an image that is none',
      { name: 'a', kafka: { artifact: { image: 'apache/kafka 4' } } },
      {
        'kafka.artifact.image': /must be the name of a container image; accepted: for example apache\/kafka:/,
      },
    ],
    [
      'with a network whose nodes cannot find each other',
      { name: 'a', network: { name: 'overlay' } },
      { 'network.domain': /is missing, but must be text: a DNS domain/ },
    ],
    [
      'with a limit that is none',
      { name: 'a', rlimits: { nofile: -1 } },
      { 'rlimits.nofile': /must be a whole number from 0, or unlimited/ },
    ],
    [
      'with secrets where the node itself is',
      {
        name: 'a',
        secrets: [
          { secret: 'a/b', env: 'META_PROPERTIES_1' },
          { secret: 'a/b', file: 'data/key' },
          { secret: 'a/b', file: '../key' },
          { secret: 'a b', env: 'KEY' },
          { secret: 'a', env: 'KEY' },
        ],
      },
      {
        'secrets.0.env': /is a variable of Mesos or Millrace/,
        'secrets.1.file': /is a place that the node itself uses/,
        'secrets.2.file': /must be a file below the sandbox/,
        'secrets.3.secret': /must be the path of a secret/,
        'secrets.4.env': /is given to two secrets/,
      },
    ],
    [
      'with a secret that is given, not named',
      { name: 'a', secrets: [{ value: 'x', env: 'KEY' }] },
      { 'secrets.0': /must be \{secret: …, env: …\} or \{secret: …, file: …\}/ },
    ],
    [
      'with a port that is none',
      { name: 'a', brokers: { port: 70_000 } },
      { 'brokers.port': /accepted: 0 to 65535/ },
    ],
    [
      'with an unknown kind of disk',
      { name: 'a', brokers: { disk: { type: 'SSD' } } },
      { 'brokers.disk.type': /is "SSD", but .*accepted: ROOT, MOUNT/ },
    ],
    [
      'with a heap option',
      { name: 'a', brokers: { jvmOptions: ['-Xmx2g'] } },
      { 'brokers.jvmOptions.0': /set by brokers.heapMb/ },
    ],
    [
      'with two options in one',
      { name: 'a', brokers: { jvmOptions: ['-Xss1m -Xmx2g'] } },
      { 'brokers.jvmOptions.0': /one option an entry/ },
    ],
    [
      'with an option that is none',
      { name: 'a', brokers: { jvmOptions: ['org.Main'] } },
      { 'brokers.jvmOptions.0': /must begin with "-"/ },
    ],
    [
      'with a version before KRaft',
      { name: 'a', kafka: { version: '3.9.2', artifact: { path: '/k' } } },
      { 'kafka.version': /must be 4.0.0 or newer.* accepted: 4.4.0, 4.3.1/ },
    ],
    [
      'with an unknown version without artifact',
      { name: 'a', kafka: { version: '4.9.0' } },
      {
        'kafka.version':
          /^kafka.version is "4.9.0", but is not a known release.*4.4.0, 4.3.1.* with kafka.artifact/,
      },
    ],
    [
      'with a version that is none',
      { name: 'a', kafka: { version: 'latest', artifact: { path: '/k' } } },
      { 'kafka.version': /must be a release such as/ },
    ],
    [
      'with a version that is a number',
      { name: 'a', kafka: { version: 4.4 } },
      { 'kafka.version': /is 4.4, but must be text: .* in quotes/ },
    ],
    [
      'with an artifact of two places',
      { name: 'a', kafka: { artifact: { path: '/k', uri: 'https://x/k.tgz' } } },
      { 'kafka.artifact': /\{uri: …\}, \{path: …\} or \{image: …\}/ },
    ],
    [
      'with an address of an unknown scheme',
      { name: 'a', kafka: { artifact: { uri: 'ftp://x/k.tgz' } } },
      { 'kafka.artifact.uri': /must be an http, https or file address/ },
    ],
    [
      'with an address that is no archive',
      { name: 'a', java: { uri: 'https://x/java' } },
      { 'java.uri': /must end with what the Mesos fetcher unpacks/ },
    ],
    [
      'with a relative path',
      { name: 'a', java: { path: 'java' } },
      { 'java.path': /must be an absolute path/ },
    ],
    [
      'with a bad constraint',
      { name: 'a', placement: { brokers: [['hostname', 'UNIQUE'], 'rack:MAX_PER:0'] } },
      {
        'placement.brokers.1':
          /^placement.brokers.1 is "rack:MAX_PER:0", but MAX_PER needs a whole number from 1/,
      },
    ],
    [
      'with a row that is none',
      { name: 'a', placement: { controllers: [3] } },
      { 'placement.controllers.0': /must be a row of text/ },
    ],
    ['with the role of nobody', { name: 'a', role: '*' }, { role: /is "\*", but/ }],
    [
      'with a user that is none',
      { name: 'a', user: 'a b' },
      { user: /must be a user of the operating system/ },
    ],
    [
      'with a label of ours',
      { name: 'a', labels: { millrace_node: 'x' } },
      { 'labels.millrace_node': /kept for Millrace/ },
    ],
  ])('%s', (_, value, expected) => {
    const messages = refusal(value);
    expect(Object.keys(messages)).toEqual(Object.keys(expected));
    for (const [path, pattern] of Object.entries(expected)) expect(messages[path]).toMatch(pattern);
  });

  it.each([
    '',
    'Orders',
    '1st',
    'a_b',
    '-a',
    'a-',
    'a//b',
    '/a',
    'a/',
    'a b',
    'a.b',
    'session',
    'a/session',
    'session/a',
    'x'.repeat(64),
    Array(30).fill('abcdefgh').join('/'),
  ])('with the name %j', (name) => {
    expect(refusal({ name })['name']).toMatch(/^name is ".*["…], but .*accepted: one or more parts/);
  });

  it('with everything that is wrong at once', () => {
    const messages = refusal({
      name: 'A',
      kafka: { version: '1.0.0', config: { 'log.dirs': '/x' } },
      brokers: { heapMb: 9999 },
      controllers: { count: 4 },
    });
    expect(Object.keys(messages).sort()).toEqual([
      'brokers.heapMb',
      'controllers.count',
      'kafka.config.log.dirs',
      'kafka.version',
      'name',
    ]);
  });

  it('never with another error, whatever the input is', () => {
    const key = fc.constantFrom(
      'name',
      'kafka',
      'config',
      'brokers',
      'count',
      'heapMb',
      'disk',
      'placement',
      'java',
      'labels',
      '__proto__',
      'constructor',
      'x',
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.constantFrom('orders', 3),
        fc.dictionary(key, tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(
        fc.oneof(
          tree,
          tree.map((value) => ({ name: 'orders', kafka: value })),
          tree.map((value) => ({ name: 'orders', brokers: value })),
        ),
        (value) => {
          try {
            const spec = parseSpec(value);
            expect(parseSpec(spec)).toEqual(spec);
          } catch (error) {
            const issues = (error as MillraceError).issues ?? [];
            expect((error as MillraceError).code).toBe('SPEC_INVALID');
            expect(issues.length).toBeGreaterThan(0);
            for (const { message } of issues) expect(message).toMatch(/, but |is not a known key/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
