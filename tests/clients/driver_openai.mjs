// OpenAI's JavaScript SDK behind a pipe (piped.mjs): follows driver_openai.py kind by kind.

import OpenAI, { APIError } from "openai";
import { VERSION } from "openai/version";
import { fields, serve } from "./piped.mjs";

async function created(call) {
  const { data, response } = await call.withResponse();
  return { message: data, fields: fields(response.headers) };
}

async function seen(stream, events) {
  for await (const event of await stream) events.push(event);
  return { events };
}

const KINDS = {
  chat_create: (client, { model, params }) => created(client.chat.completions.create({ model, ...params })),
  async chat_stream(client, { model, params }, events) {
    const usage = { include_usage: true };
    const stream = client.chat.completions.stream({ model, stream_options: usage, ...params });
    stream.on("chunk", (chunk) => events.push(chunk));
    return { message: await stream.finalChatCompletion(), events };
  },
  chat_events: (client, { model, params }, events) =>
    seen(client.chat.completions.create({ model, stream: true, ...params }), events),
  responses_create: (client, { model, params }) => created(client.responses.create({ model, ...params })),
  async responses_stream(client, { model, params }, events) {
    await seen(client.responses.stream({ model, ...params }), events);
    return { message: events.at(-1).response, events };
  },
  responses_events: (client, { model, params }, events) =>
    seen(client.responses.create({ model, stream: true, ...params }), events),
};

const clientOf = (job) =>
  new OpenAI({ baseURL: `${job.base_url}/v1`, apiKey: job.key, maxRetries: 0, timeout: 30_000 });

await serve(VERSION, KINDS, clientOf, APIError);
