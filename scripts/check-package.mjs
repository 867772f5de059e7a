// Packs the package as npm would publish it and looks at the tarball the way its users' tools do.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);

const ALLOWED = [
  /^dist\/(lib|handler)\//,
  /^dist\/bin\/pontoon\.(js|d\.ts)$/,
  /^(package\.json|README\.md|LICENSE)$/,
];
const REQUIRED = [
  'LICENSE',
  'README.md',
  'dist/bin/pontoon.js',
  'dist/handler/LICENSES.txt',
  'dist/handler/cutover.js',
  'dist/handler/index.js',
  'dist/handler/rds-certificates.gz',
  'dist/handler/saslprep.js',
];

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pontoon-pack-'));
try {
  const [{ filename, files, size, unpackedSize }] = pack();
  const paths = files.map((file) => file.path);
  const problems = [
    ...paths
      .filter((file) => !ALLOWED.some((rule) => rule.test(file)))
      .map((f) => `'${f}' must not be packed`),
    ...REQUIRED.filter((file) => !paths.includes(file)).map((f) => `'${f}' must be packed`),
    ...missingExports(paths),
  ];
  for (const problem of problems) console.error(problem);

  const tarball = path.join(dir, filename);
  const clean = [
    tool('publint', ['run', tarball, '--strict']),
    // Node 10's resolution knows no `exports`; every tool that runs Node 20 does.
    tool('attw', [tarball, '--profile', 'node16', '--no-emoji']),
  ].every(Boolean);
  console.log(`${paths.length} files, ${kib(size)} packed, ${kib(unpackedSize)} unpacked`);
  process.exitCode = problems.length === 0 && clean ? 0 : 1;
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}

function pack() {
  // The build ran before; `--ignore-scripts` keeps `prepack` from running it again.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir];
  return JSON.parse(
    execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
}

function missingExports(paths) {
  const { exports } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
  return Object.entries(exports)
    .flatMap(([name, target]) =>
      Object.values(typeof target === 'string' ? [target] : target).map((file) => [name, file]),
    )
    .filter(([, file]) => !paths.includes(path.posix.normalize(file)))
    .map(([name, file]) => `'exports["${name}"]' must name a packed file, got '${file}'`);
}

function tool(name, args) {
  return spawnSync(path.join('node_modules/.bin', name), args, { stdio: 'inherit' }).status === 0;
}

function kib(bytes) {
  return `${Math.round(bytes / 1024)} KiB`;
}
