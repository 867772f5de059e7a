import { CUTOVER_STEPS, LinkKind, renderCutoverRunbook } from '../../lib/postgres';
import { hybridChain, physicalChain } from './hybrid-chain';

const topology = hybridChain({ kind: LinkKind.DMS });

test('the operator’s page of a cutover', () => {
  expect(renderCutoverRunbook(topology, 'onPremises')).toMatchSnapshot();
});

test('has every step, and says of one only that nothing undoes it', () => {
  const page = renderCutoverRunbook(topology, 'onPremises');
  for (const { title, purpose } of CUTOVER_STEPS) {
    expect(page).toContain(title);
    expect(page).toContain(purpose);
  }
  expect(page.match(/\*\*Open the new writer\*\*/g)).toHaveLength(1);
  expect(page).toContain('**Step 12 is the point of no return.**');
});

test('there is none for a server whose tables nobody replicates', () => {
  expect(renderCutoverRunbook(topology, 'aurora')).toBe('');
  expect(renderCutoverRunbook(physicalChain(15, 'shop'), 'onPremises')).toBe('');
});
