import { gunzipSync } from 'node:zlib';
import type { RegisteredResource } from '../../lib/rehearsal/pulumi-program';

interface WrittenFile {
  readonly path: string;
  readonly permissions: string;
  readonly content: string;
  readonly encoding?: string;
}

/** The user data of a machine, as cloud-init gets it. */
export function userDataOf({ inputs }: Pick<RegisteredResource, 'inputs'>): string {
  const { user_data: text } = inputs.metadata as { readonly user_data: string };
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The files that `userData` writes, by path, unpacked. */
export function filesOf(userData: string): Record<string, string> {
  const { write_files: files } = JSON.parse(userData.replace('#cloud-config\n', '')) as {
    readonly write_files: readonly WrittenFile[];
  };
  return Object.fromEntries(
    files.map(({ path, content, encoding }) => [
      path,
      encoding === undefined ? content : gunzipSync(Buffer.from(content, 'base64')).toString(),
    ]),
  );
}

/** `resources` with what machines are told in readable form, and without the scripts, which are not repeated. */
export function readable(resources: readonly RegisteredResource[]): RegisteredResource[] {
  return resources.map((resource) => {
    if (resource.type !== 'oci:Core/instance:Instance') return resource;
    const files = Object.entries(filesOf(userDataOf(resource))).map(([path, content]) => [
      path,
      path.endsWith('.sh') ? 'a script' : content.split('\n'),
    ]);
    const metadata = { user_data: Object.fromEntries(files) };
    return { ...resource, inputs: { ...resource.inputs, metadata } };
  });
}
