import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test("the README's code is that of the example", () => {
  const example = readFileSync(join(root, 'examples/hybrid-migration/index.ts'), 'utf8');
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  expect(blocks).toHaveLength(1);
  for (const code of blocks)
    expect(withoutIndentation(example)).toContain(withoutIndentation(code));
});

test('the README is read in one sitting', () => {
  expect(readme.split('\n').length).toBeLessThan(200);
});

function withoutIndentation(code: string): string {
  return code.replace(/^ +/gm, '');
}
