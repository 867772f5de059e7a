// Runs one function in its own process, as the Lambda runtime does: events come and results go
// over IPC. Plain JavaScript, since Node runs it without a build.
const Module = require('node:module');
const path = require('node:path');

const { codeDirectory, handler, memoryMiB } = JSON.parse(process.argv[2]);
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolve(request, ...rest) {
  try {
    return resolveFilename.call(this, request, ...rest);
  } catch (error) {
    const sdk = /^@(?:aws-sdk|smithy)\/[^/]+/.exec(request);
    if (error.code !== 'MODULE_NOT_FOUND' || sdk === null) throw error;
    error.message = `package "${sdk[0]}" must be installed, since the function takes it from the Lambda runtime, got none; run: npm install --save-dev ${sdk[0]}`;
    throw error;
  }
};

let loaded;

async function load() {
  const dot = handler.lastIndexOf('.');
  const module = path.join(codeDirectory, handler.slice(0, dot));
  let found;
  try {
    found = require(module);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && !String(error.message).includes(`'${module}'`))
      throw error;
    found = await import(`${module}.mjs`);
  }
  const named = found[handler.slice(dot + 1)];
  if (typeof named !== 'function') {
    throw new Error(`handler "${handler}" must be an exported function, got ${typeof named}`);
  }
  return named;
}

function contextOf({ requestId, functionArn, deadline }) {
  const functionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: String(memoryMiB),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function reply(message) {
  // The pipes are read apart from the IPC channel: a mark on each says that nothing is under way.
  const mark = `\0${message.requestId}\n`;
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send(message);
}

process.on('message', async (message) => {
  try {
    loaded ??= load();
    const run = await loaded;
    const result = await run(message.event, contextOf(message));
    reply({ requestId: message.requestId, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    const thrown = error instanceof Error ? error : new Error(String(error));
    reply({
      requestId: message.requestId,
      error: { type: thrown.name, message: thrown.message, stack: thrown.stack },
    });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
