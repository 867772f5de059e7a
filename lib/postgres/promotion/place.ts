import { quoteLiteral } from '../identifiers';
import type { Lsn } from '../lsn';
import type { Statement } from '../statement';
import { alterDatabase, type DatabaseLimit, noted } from './fence';

/** In whose place a server was put by a promotion, as it has noted itself. */
export interface TakenPlace {
  /** The one that has noted it. */
  readonly server: string;
  /** The cluster of the server, whose system identifier no dump of it and no upgrade brings along. */
  readonly cluster: string;
  /** The timeline that it writes since. */
  readonly timeline: number;
  /** Where that began. */
  readonly began: Lsn;
  /** Whom it replaced, and those who were replaced before. */
  readonly replaced: readonly string[];
}

/** What tells a server that was put in another's place from one that somebody promoted by hand. */
const TOOK_PLACE = 'pontoon.took_place';

/** The SQL of what {@link notePlace} has noted in the present database, or null. */
export const PLACE_SQL = `(SELECT ${noted(TOOK_PLACE)} FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;

/** Notes on a new primary in whose place it is. It travels to its standbys, too. To be run in one transaction. */
export function notePlace(
  databases: readonly DatabaseLimit[],
  place: TakenPlace,
): readonly Statement[] {
  const note = quoteLiteral(JSON.stringify(place));
  return databases.map(({ name }) => alterDatabase(name, `SET ${TOOK_PLACE} = ${note}`));
}

/**
 * What is noted in the databases of a server, be it by the server itself or by a primary that it followed. Of another
 * cluster, it came with a dump.
 */
export function notedPlace({
  cluster,
  place,
}: {
  readonly cluster: string;
  readonly place: string | null;
}): TakenPlace | undefined {
  try {
    const found = place === null ? null : (JSON.parse(place) as TakenPlace | null);
    return found?.cluster === cluster ? found : undefined;
  } catch {
    // Whatever somebody wrote there by hand is no proof of anything.
    return undefined;
  }
}

/** What `server` has noted itself: on another timeline, the note is of a primary that it followed. */
export function placeOf(
  server: string,
  state: { readonly cluster: string; readonly timeline: number; readonly place: string | null },
): TakenPlace | undefined {
  const found = notedPlace(state);
  return found?.server === server && found.timeline === state.timeline ? found : undefined;
}
