// Compares each public entry of the package with its report in api/, or with --update rewrites that.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = path.resolve(import.meta.dirname, '..');
const update = process.argv.includes('--update');
const packageJsonFullPath = path.join(root, 'package.json');
const { exports } = JSON.parse(fs.readFileSync(packageJsonFullPath, 'utf8'));

// The extractor refuses to make this directory itself.
fs.mkdirSync(path.join(root, 'api'), { recursive: true });
const changed = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object')
  .filter(([name, { types }]) => !isAsReported(path.basename(name), path.join(root, types)))
  .map(([name]) => name);
if (changed.length > 0) {
  console.error(`the public API must be as api/ says, got changes in ${changed.join(', ')}`);
  console.error('look at them, then run `npm run api`');
  process.exitCode = 1;
}

function isAsReported(room, mainEntryPointFilePath) {
  const extractorConfig = ExtractorConfig.prepare({
    configObjectFullPath: path.join(root, 'api-extractor.json'),
    packageJsonFullPath,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath,
      compiler: { tsconfigFilePath: path.join(root, 'tsconfig.build.json') },
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: `${room}.api.md`,
        reportFolder: path.join(root, 'api'),
        reportTempFolder: path.join(root, 'dist/api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          // A type that the public API shows, but no entry exports.
          'ae-forgotten-export': { logLevel: 'none', addToApiReportFile: true },
        },
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(extractorConfig, {
    localBuild: update,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error';
    },
  });
  return update || !apiReportChanged;
}
