// Lint: type-aware, since the bug that hurts most in Temporal code (a promise that nobody awaits) is invisible without types.
import tseslint from 'typescript-eslint';

/** What the workflow sandbox and pure code must not reach. */
const NODE_BUILTINS = { regex: '^node:', message: 'Workflows and the model run in a sandbox without Node.' };

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '**/*.cjs', 'node_modules/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', 'bin/*.js'] } },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Numbers in messages are the point of most of them.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // noUncheckedIndexedAccess makes "!" the honest form where an index is known to exist.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // It believes that what was true before an await is true after it (`signal.aborted`, `stopped`), and would have such checks removed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A leading underscore says so; `const { dropped: _, ...rest }` is how a field is left out.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Interfaces here are records of functions made by closures; nothing has a `this`.
      '@typescript-eslint/unbound-method': 'off',
      // State is plain JSON, so its tables are objects.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // `get<T>(path)` says once what an answer is.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Enums of Temporal's and kafkajs' wire formats; we have none of our own.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // An interface asks for a promise where one implementation has nothing to await (fastify plugins, activities, fakes).
      '@typescript-eslint/require-await': 'off',
      // Arrow functions that pass a void call on are short and clear.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      // The same: a handler may be async where its result is not looked at; floating promises stay errors.
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { arguments: false, properties: false } },
      ],
    },
  },
  {
    files: ['src/model/**', 'src/workflows/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [NODE_BUILTINS] }] },
  },
  {
    files: ['src/workflows/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            NODE_BUILTINS,
            {
              regex: '/activities/',
              allowTypeImports: true,
              message: 'Workflows know activities by their types only.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/model/**'],
    rules: {
      // Pure: time and randomness are passed in.
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The model has no clock: take the time as an argument.' },
        { object: 'Math', property: 'random', message: 'The model draws nothing: take it as an argument.' },
      ],
    },
  },
  {
    files: ['src/activities/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@temporalio/activity',
              importNames: ['sleep'],
              message: 'It keeps memory with each call until the activity ends; use pause.ts.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      // JSON of answers and fakes.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.js', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
);
