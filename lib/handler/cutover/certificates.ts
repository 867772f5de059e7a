/**
 * `input` with the certificates that stand beside it, where its connections have none. Anything else is left as it is,
 * for the parser to say what is wrong with it.
 */
export function withLateCertificates(input: unknown, certificates: unknown): unknown {
  if (!isRecord(input) || !isRecord(input.connections) || !isRecord(certificates)) return input;
  const connections = Object.entries(input.connections).map(([server, connection]) => {
    const beside = Object.hasOwn(certificates, server) ? certificates[server] : undefined;
    const missing = isRecord(connection) && connection.caCertificate === '';
    return [
      server,
      missing && beside !== undefined ? { ...connection, caCertificate: beside } : connection,
    ];
  });
  return { ...input, connections: Object.fromEntries(connections) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
