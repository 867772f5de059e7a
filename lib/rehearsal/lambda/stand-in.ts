import type { Shim, StandIn } from '../servers';

/** What takes the place of AWS Lambda. Each behaviour is the name of a test. */
export const lambdaStandIn: StandIn = {
  name: 'AWS Lambda',
  reason: 'it runs only in AWS; the shipped bundle runs here in processes of its own',
  behaviours: [
    'a function has the environment of the template and of Lambda, and nothing else',
    'the context names the function and the time that remains',
    'a warm process is reused, events at once get processes of their own, a killed one is replaced',
    'a process that is killed while it runs ends the invocation with an error',
    'what is written is there when the invocation ended, each line with its request',
    'the limits of time and memory hold',
    'the AWS SDK is found wherever it is installed, by require and by import',
    'an asset is run, an ES module too, and an update runs the new code',
    'what cannot run here is refused, all at once',
  ],
};

/** What the stand-in does differently from Lambda. */
export const lambdaShims: readonly Shim[] = [
  {
    name: `functions run on Node.js ${process.versions.node} and on this machine's architecture`,
    reason: 'the runtime that the template names is not installed here',
  },
  {
    name: 'the AWS SDK is the installed one',
    reason: "the version that Lambda's runtime brings changes with time",
  },
  {
    name: 'functions have no VPC, role, layers or reserved concurrency',
    reason: 'network rules and permissions need an account; layers are refused',
  },
  {
    name: 'a process is not frozen between two invocations',
    reason: 'what a function left running goes on, while Lambda would stop it',
  },
];
