import type { StandIn } from '../servers';

/** What takes the place of psql where the client tools of the server's major are missing. */
export const PSQL_STAND_IN: StandIn = {
  name: 'psql',
  reason:
    'the client tools of this major are not installed; statements run through the node driver',
  behaviours: [
    'runs the statements of its input, and writes rows unaligned, without headers',
    'runs files in one transaction, with variables as literals',
    'replaces variables outside of strings, names, dollar quotes and comments only',
    'a script that fails changes nothing, is told in the words of the server, and ends with 3',
    'verifies the certificate of the server, and ends with 2 when it cannot connect',
    'an option that it does not know is refused',
  ],
};
