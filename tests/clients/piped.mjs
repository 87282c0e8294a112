// A JavaScript SDK behind a pipe: one JSON job a line in, one JSON outcome a line out. Jobs and outcomes are those of
// piped.py.

import { createInterface } from "node:readline";

export const fields = (headers) => Object.fromEntries(headers?.entries() ?? []);

// Members that an SDK has no type for: Python takes them as `extra_body`, here they stand among the others.
function worded(job) {
  const { extra_body, ...params } = job.params;
  return { ...job, params: { ...params, ...extra_body } };
}

async function outcome(job, kinds, clientOf, APIError) {
  const events = [];
  try {
    return await kinds[job.kind](clientOf(job), worded(job), events);
  } catch (error) {
    const failure = { class: error.constructor.name };
    if (error instanceof APIError) {
      Object.assign(failure, { status: error.status, body: error.error, fields: fields(error.headers) });
    }
    return { failure: { ...failure, text: String(error.message) }, events };
  }
}

// Tells the version, then does jobs until there are no more. `clientOf` makes the SDK's client of a job.
export async function serve(version, kinds, clientOf, APIError) {
  console.log(JSON.stringify({ version }));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await outcome(JSON.parse(line), kinds, clientOf, APIError)));
  }
}
