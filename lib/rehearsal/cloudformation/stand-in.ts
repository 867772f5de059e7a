import type { Shim, StandIn } from '../servers';

/** What takes CloudFormation's place. Each behaviour is the name of a test. */
export const cloudFormationStandIn: StandIn = {
  name: 'AWS CloudFormation',
  reason: 'it runs only in AWS; its events, their order and its answers are played here',
  behaviours: [
    'a Create event has every scalar as a string and the resource its answer',
    'an update sends old and new properties, and only to what changed',
    'a replacement is deleted in the clean-up, after what depends on it was updated',
    'a removed resource is deleted in the clean-up; a delete runs in reverse order',
    'a failed Create is rolled back in reverse order, the failed one included',
    'a failed Create without a physical id leaves nothing to delete',
    'a failed update is rolled back with the old properties; what it made is deleted',
    'a replacement that is rolled back goes back to the old id and deletes the new one',
    'a rollback that fails deletes nothing',
    'a failed Delete keeps the stack and what the resource depends on, and can be tried again',
    'what is retained is left behind, and said so',
    'an event is delivered twice more when the function fails',
    'a function that exceeds ServiceTimeout',
    'an answer of more than 4096 bytes is refused',
    'an answer with %s is refused',
    'a URL whose query was changed is refused',
    'changing %s of a custom resource is refused',
    'plaintext references are resolved in custom resources, secret ones refused',
    'an export in use can neither be changed nor its stack deleted',
    'what a nested stack replaced is deleted only when its root is cleaned up',
    'a nested stack that was updated is rolled back with its root',
    'the data of a signal reaches the template',
  ],
};

/** What the stand-in does differently from CloudFormation. */
export const cloudFormationShims: readonly Shim[] = [
  {
    name: 'answers of functions go to a local HTTP server',
    reason: 'the bucket that takes them is in AWS; so the way to Amazon S3 is not rehearsed',
  },
  {
    name: 'a function that returned without an answer fails at once',
    reason:
      'CloudFormation would wait until ServiceTimeout for an answer that cannot come any more',
  },
  {
    name: 'a failed function is invoked again at once',
    reason: 'Lambda waits one and two minutes before its retries',
  },
  {
    name: 'the id that a Delete carries after a Create without an answer is made up',
    reason: 'its form is not documented; handlers must not depend on it',
  },
  {
    name: 'going back from a replacement sends an Update with the new id, then Deletes',
    reason: 'seen in reports of others, not verified against CloudFormation',
  },
  {
    name: 'a nested stack deletes what its failed update made before its root is rolled back',
    reason: 'CloudFormation deletes it in the clean-up of the root',
  },
  {
    name: 'permissions, stack policies, hooks, rules and constraints of parameters are not checked',
    reason: 'they need an account',
  },
  {
    name: 'names and ids are derived from the stack and the logical id',
    reason: 'so that two rehearsals of one template can be compared',
  },
];
