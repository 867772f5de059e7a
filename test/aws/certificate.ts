import { SOURCE_CA } from '../../examples/hybrid-migration/source-ca';

/** A certificate that signs itself, with its key thrown away. */
export const PEM = `${SOURCE_CA}\n`;
