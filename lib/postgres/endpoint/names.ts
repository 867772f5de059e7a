/** What a value breaks, and the way out. */
export type Rule = readonly [rule: string, wayOut: string];

const LABEL = /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/;

/** What is wrong with a host name that a CNAME record has or points at. The empty one is somebody else's to refuse. */
export function hostProblem(name: string): Rule | undefined {
  if (name === '') return undefined;
  if (/^[\d.]+$/.test(name) || name.includes(':')) {
    return [
      'must be a host name',
      'a CNAME record cannot lead to an address; give the server a name',
    ];
  }
  const labels = name.replace(/\.$/, '').split('.');
  const fits =
    name.length <= 254 && labels.length > 1 && labels.every((label) => LABEL.test(label));
  if (fits) return undefined;
  return ['must be a full host name such as db.shop.example', 'correct it'];
}

/** What is wrong with the name that RDS gave to a proxy or a cluster. The empty one is somebody else's to refuse. */
export function rdsNameProblem(name: string): Rule | undefined {
  if (name === '' || /^[A-Za-z](?:-?[A-Za-z0-9]){0,62}$/.test(name)) return undefined;
  return [
    'must be a name of at most 63 letters, digits and single hyphens',
    'copy the identifier, not an ARN or an address',
  ];
}

/** What is wrong with the IPv4 address of a backend or a record. The empty one is somebody else's to refuse. */
export function addressProblem(address: string): Rule | undefined {
  const parts = address.split('.');
  const isAddress =
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  if (address === '' || isAddress) return undefined;
  return ['must be an IPv4 address', 'give the address of the database endpoint, not its name'];
}
