// The house's architecture, as rules that run: one direction of imports between rooms, one home for each driver, no cycles.
const rooms = [
  'domain',
  'schemas',
  'compiler',
  'publisher',
  'records',
  'reconciler',
  'local',
  'api',
  'cli',
  'web',
  'migrations',
  'examples',
  'tools',
  'test',
]
const may = {
  domain: [],
  compiler: ['domain', 'schemas'],
  publisher: ['domain'],
  records: ['domain', 'migrations'],
  reconciler: ['domain', 'records'],
  local: ['domain', 'records', 'reconciler'],
  api: ['domain', 'records', 'compiler'],
  cli: ['domain', 'schemas', 'compiler', 'publisher', 'records', 'reconciler', 'local', 'api'],
  web: ['domain'],
  migrations: [],
  examples: [],
}
const roomRules = Object.entries(may).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room}/ may import only ${['itself', ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^(${rooms.filter((other) => other !== room && !allowed.includes(other)).join('|')})/` },
}))
const homes = {
  '^(pg|kysely|redis)$': '^records/',
  '^simple-git$': '^publisher/',
  '^@octokit/': '^publisher/',
  '^@kubernetes/client-node$': '^reconciler/',
  '^ajv$': '^(compiler/validate|tools)/',
  '^(js-yaml|yaml)$': '^(compiler/(load|format)|local|tools)/',
  '^handlebars$': '^(compiler/render|compiler/shape|tools)/',
  '^rfc6902$': '^compiler/shape/',
  '^(@marcbachmann/cel-js|re2js)$': '^compiler/policy/cel/',
  '^@secretlint/.*$': '^cli/specs/',
  '^(fastify|@fastify/.*|fastify-type-provider-zod)$': '^api/',
  '^@electric-sql/pglite$': '^(local/|tools/prepared-database)',
  '^commander$': '^cli/',
}
const homeRules = Object.entries(homes).map(([driver, home]) => ({
  name: `home-of-${driver.replace(/[^a-z]+/g, '-').replace(/^-|-$/g, '')}`,
  comment: `only ${home} may use ${driver}`,
  severity: 'error',
  from: { pathNot: [home, '^test/', '^migrations/'] },
  to: { path: `node_modules/(${driver.replace(/[\^$()]/g, '')})(/|$)` },
}))
module.exports = {
  forbidden: [
    ...roomRules,
    ...homeRules,
    {
      name: 'api-sees-only-compile',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: '^compiler/', pathNot: '^compiler/compile\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nobody-imports-tests', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    {
      name: 'migrations-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: `^(${rooms.filter((r) => r !== 'migrations').join('|')})/` },
    },
    {
      name: 'pure-compiler',
      comment: 'the compiler touches no disk, clock, network or child process',
      severity: 'error',
      from: { path: '^(compiler|domain)/' },
      to: {
        path: '^(node:)?(fs|fs/promises|net|http|https|child_process|os|worker_threads|timers)$',
        dependencyTypes: ['core'],
      },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      severity: 'warn',
      from: {
        orphan: true,
        pathNot: ['\\.d\\.ts$', '^tools/', '^test/', '^migrations/', '^examples/', '\\.config\\.'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|\\.built\\.js$)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
