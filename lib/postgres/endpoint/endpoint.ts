/** Ends what is asked for early. */
export interface EndpointCall {
  /**
   * Ends the wait when it is aborted. What the service accepted by then stays.
   *
   * @default - only the endpoint's own time limit ends it
   */
  readonly signal?: AbortSignal;
}

/** What applications connect to, and the side that it leads to. */
export interface Endpoint {
  /**
   * The server that the endpoint leads to, by its name in the topology. Asked before a fence, it also spares the time
   * of outage in which the service's SDK is loaded.
   *
   * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if it leads to neither side, ENDPOINT_UNAVAILABLE if the
   *   service cannot be asked.
   */
  active(call?: EndpointCall): Promise<string>;
  /**
   * Has the endpoint lead to `server`. Doing it twice is doing it once; killed half-way and called again, it ends the
   * same. Returns when the service has accepted it and says so when it is asked. Connections that clients hold already
   * stay where they are, and clients that remember an address find the new one when they forget it.
   *
   * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE if it leads to neither side now, and nothing was changed;
   *   ENDPOINT_NOT_SWITCHED if the service did not come to an end in time, or somebody else changed it meanwhile.
   */
  activate(server: string, call?: EndpointCall): Promise<void>;
  /**
   * Returns when everybody who asks is led to `server`, which was activated before. What the service has accepted comes
   * by itself, so that nobody has to be kept waiting for it.
   *
   * @default - that is so as soon as `activate` returns
   * @throws PontoonError with code ENDPOINT_NOT_SWITCHED if it takes too long, ENDPOINT_UNKNOWN_SIDE if it leads
   *   elsewhere.
   */
  untilEverywhere?(server: string, call?: EndpointCall): Promise<void>;
}
