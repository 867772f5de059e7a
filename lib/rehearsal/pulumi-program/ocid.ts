/** The id that a recorded program is told of a new resource. */
export function ocid(type: string, name: string): string {
  const kind = type.split(':').at(-1)?.toLowerCase() ?? 'resource';
  return `ocid1.${kind}.oc1..${name}`;
}
