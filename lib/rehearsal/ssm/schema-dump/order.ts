import type { Definition } from './definition';
import { FUNCTIONS_AFTER_TABLES, FUNCTIONS_BEFORE_TABLES } from './functions';
import { PRIVILEGES } from './privileges';
import { TABLE_PARTS, TABLES } from './tables';
import { TYPES } from './types';
import { VIEWS } from './views';

/** All that is derived of a source, in an order in which it can be made. */
export const DEFINITIONS: readonly Definition[] = [
  ...TYPES,
  FUNCTIONS_BEFORE_TABLES,
  TABLES,
  FUNCTIONS_AFTER_TABLES,
  ...TABLE_PARTS,
  ...VIEWS,
  ...PRIVILEGES,
];
