// Anthropic's JavaScript SDK behind a pipe (piped.mjs): follows driver.py kind by kind.

import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";
import { fields, serve } from "./piped.mjs";

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

const clientOf = (job) => new Anthropic({ baseURL: job.base_url, apiKey: job.key, maxRetries: 0, timeout: 30_000 });

await serve(VERSION, KINDS, clientOf, APIError);
