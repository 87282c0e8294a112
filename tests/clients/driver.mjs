// The JavaScript SDK behind a pipe: one JSON job a line in, one JSON outcome a line out. Jobs and outcomes are those of
// driver.py, which this file follows kind by kind.

import { createInterface } from "node:readline";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";

const fields = (headers) => Object.fromEntries(headers?.entries() ?? []);

async function finalOf(stream) {
  const message = await stream.finalMessage();
  return { message, fields: fields(stream.response.headers) };
}

const KINDS = {
  async create(client, { model, params }) {
    const { data, response, request_id } = await client.messages.create({ model, ...params }).withResponse();
    return { message: data, request_id, fields: fields(response.headers) };
  },
  stream: (client, { model, params }) => finalOf(client.messages.stream({ model, ...params })),
  beta: (client, { model, params }) => finalOf(client.beta.messages.stream({ model, ...params })),
  async events(client, { model, params }, events) {
    for await (const event of await client.messages.create({ model, stream: true, ...params })) events.push(event);
    return { events };
  },
  async leave(client, { model, params, leave_after }, events) {
    const stream = await client.messages.create({ model, stream: true, ...params });
    for await (const event of stream) {
      if (events.push(event.type) === leave_after) break;
    }
    return { events };
  },
  async count(client, { model, params }) {
    return { counted: await client.messages.countTokens({ model, ...params }) };
  },
  async models(client, { model }) {
    const models = [];
    for await (const found of client.models.list({ limit: 2 })) models.push(found);
    return { models, model: await client.models.retrieve(model) };
  },
};

// Members that an SDK has no type for: Python takes them as `extra_body`, here they stand among the others.
function worded(job) {
  const { extra_body, ...params } = job.params;
  return { ...job, params: { ...params, ...extra_body } };
}

async function outcome(job) {
  const events = [];
  const client = new Anthropic({ baseURL: job.base_url, apiKey: job.key, maxRetries: 0, timeout: 30_000 });
  try {
    return await KINDS[job.kind](client, worded(job), events);
  } catch (error) {
    const failure = { class: error.constructor.name };
    if (error instanceof APIError) {
      Object.assign(failure, { status: error.status, body: error.error, fields: fields(error.headers) });
    }
    return { failure: { ...failure, text: String(error.message) }, events };
  }
}

console.log(JSON.stringify({ version: VERSION }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await outcome(JSON.parse(line))));
}
