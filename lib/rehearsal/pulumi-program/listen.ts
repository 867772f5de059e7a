import type {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
} from '@pulumi/pulumi/proto/resource_pb';
import type { getMonitor } from '@pulumi/pulumi/runtime';
import type { RegisteredResource } from './registered-resource';

type Monitor = NonNullable<ReturnType<typeof getMonitor>>;
type Answer = (error: Error | null, response: { getUrn(): string }) => void;

/** By these two values Pulumi tells that an object stands for something special, and that this is a secret. */
const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

/** Keeps what `monitor` is told from now on; the function returned says what that was. */
export function listen(monitor: Monitor | undefined): () => RegisteredResource[] {
  if (monitor === undefined) throw new Error('a Pulumi program requires a monitor, got none');
  const heard = new Map<string, RegisteredResource>();
  const { registerResource, registerResourceOutputs } = monitor;
  Object.assign(monitor, {
    registerResource: (request: RegisterResourceRequest, answer: Answer) => {
      Reflect.apply(registerResource, monitor, [
        request,
        (error: Error | null, response: { getUrn(): string }) => {
          if (error === null) heard.set(response.getUrn(), registered(response.getUrn(), request));
          answer(error, response);
        },
      ]);
    },
    registerResourceOutputs: (request: RegisterResourceOutputsRequest, answer: Answer) => {
      const resource = heard.get(request.getUrn());
      const outputs = plain(request.getOutputs()?.toJavaScript() ?? {});
      if (resource !== undefined) heard.set(resource.urn, { ...resource, outputs });
      Reflect.apply(registerResourceOutputs, monitor, [request, answer]);
    },
  });
  return () => [...heard.values()].sort((one, other) => (one.urn < other.urn ? -1 : 1));
}

function registered(urn: string, request: RegisterResourceRequest): RegisteredResource {
  const parent = request.getParent();
  // A reference to a provider is its URN and its id.
  const provider = request.getProvider().split('::').slice(0, -1).join('::');
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    ...(parent === '' ? {} : { parent }),
    ...(provider === '' ? {} : { provider }),
    inputs: plain(request.getObject()?.toJavaScript() ?? {}),
    dependencies: [...request.getDependenciesList()].sort(),
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: request
      .getAliasesList()
      .map((alias) => alias.getUrn() || alias.getSpec()?.getName() || ''),
  };
}

function plain(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, unwrap(value)]));
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== 'object' || value === null) return value;
  const special = value as Record<string, unknown>;
  if (special[SIGNATURE_KEY] === SECRET_SIGNATURE) return { secret: unwrap(special.value) };
  return plain(special);
}
