// The arrows between the rooms (ARCHITECTURE.md). Each rule says what a room must not know.
const room = (name, ...not) => ({
  name: `${name}-knows-too-much`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [`^src/${name}/`, ...not.map((other) => `^src/${other}`)] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    room('model'),
    room('mesos', 'model/'),
    room('kafka', 'model/'),
    room('temporal', 'model/'),
    // Only types: the bundle must not pull in an activity.
    room('workflows', 'model/', 'activities/contract.ts'),
    {
      name: 'workflows-know-activities-by-type-only',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
    },
    room('activities', 'model/', 'mesos/', 'kafka/', 'workflows/contract.ts'),
    room('api', 'model/', 'temporal/', 'workflows/contract.ts'),
    // The schemas' types are shared with the API; `local` brings its commands.
    room('cli', 'model/', 'temporal/', 'api/schemas/', 'local/commands.ts'),
    {
      name: 'cli-knows-the-api-by-type-only',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/api/', dependencyTypesNot: ['type-only'] },
    },
    // Local Mesos stands for a real one: it knows Mesos' types and arithmetic, and nothing else of Millrace.
    {
      name: 'local-mesos-knows-too-much',
      severity: 'error',
      from: { path: '^src/local/mesos/' },
      to: {
        path: '^src/',
        pathNot: ['^src/local/mesos/', '^src/mesos/(types|record-io|resources|ranges)\\.ts$'],
      },
    },
    {
      name: 'nobody-imports-a-program',
      severity: 'error',
      from: {},
      to: { path: ['^src/worker\\.ts$', '^src/(api|cli)/main\\.ts$', '^src/local/mesos/main\\.ts$'] },
    },
    {
      name: 'source-knows-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'not-in-package-json',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
