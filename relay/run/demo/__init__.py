"""The embedded provider `demo`: a real provider server, on a real socket, whose model names say what happens.

`DemoServer` speaks Anthropic Messages (`POST /v1/messages`, `…/count_tokens`, `GET /v1/models[/{id}]`), OpenAI Chat
Completions (`POST /v1/chat/completions`), Responses (`POST /v1/responses`), Amazon Bedrock
(`POST /model/{model}/invoke`, `…/converse`) and Gemini (`POST /v1…/models/{model}:generateContent`,
`…:streamGenerateContent?alt=sse`), streamed and not. It is the demo and the test double, so it imports nothing else of
relay: it could otherwise cancel relay's mistakes. The same request gets the same answer, bytes and message id included;
only the `request-id` counts up.

The model is `<script>[@key=value,...]`; a prefix up to the last `/` is ignored. A name that is no script (`sonnet`)
is `chat`, whatever follows its `@`. A key that the script does not take, or a bad value, is a 400.

What is said:

    chat            a short paragraph, a word a delta
    echo            the last user text, cut into small uneven deltas (`calls=N`: also as the argument `text` of calls of
                    N of the tools offered; once the request carries results: text that quotes them)
    personal        made-up personal data, a value of each class that relay knows, in small uneven deltas
    tools           a call of an agent's shell (Bash, exec_command), or else of the named or first tool offered,
                    arguments from its schema in small fragments (`calls=N`: of N tools; `interleaved=1`: their
                    fragments in turn, where the dialect numbers them: chat, responses, Converse); once the request
                    carries results: text that quotes them
    thinking        a thinking block with its signature (`signature=bytes`), then text
    agent           made-up personal data wherever a model may say some: thinking and its signature (`signature=bytes`),
                    text with an e-mail address over five deltas, calls of two of the tools offered (`calls=N`: of N)
                    whose arguments are cut inside numbers and `\\u` escapes; once the request carries results: text
                    that quotes them
    citations       two text blocks, the second one cited twice
    refusal         text, stop reason `refusal`, stop details
    unicode         emoji, CJK, combining marks, U+2028, escaped and raw frames, sequences cut over deltas and writes;
                    with tools offered also a call whose argument escapes are cut
    max-tokens, stop-sequence, pause      that stop reason
    cache           usage with cache counts (`read`, `write5m`, `write1h`: tokens)
    unknown-events  event, block and delta types nobody knows (chat: unknown fields; responses: an item; gemini: parts)
    long            `bytes=N` of text as fast as the client takes it (`size`: bytes a delta)
    paced           `events=N` deltas at `rate=R` a second, each `<metadata.user_id>#<number>;`

What goes wrong (with the answer of `chat`, or of `of=<script>` with that script's keys too):

    error           HTTP error (`status`, `type`, `message`, `retry_after=seconds`)
    error-first     200, then an error event first (`type`)
    error-mid       an error event after `after=N` deltas (`type`)
    cut, reset      connection closed, or reset, after exactly `bytes=N` content bytes
    stall           silence of `seconds=S` after `after=N` deltas
    silent          nothing at all for `seconds=S`
    slow-first      the head at once, the first event `seconds=S` later
    no-stop         without `message_stop` / `[DONE]` (gemini has no such end)
    no-usage        without any usage
    html            200 `text/html`
    json-error      200 `application/json` with an error
    json-answer     200 `application/json` with the full answer although a stream was asked for
    bom, crlf, no-event-line, empty-data, bad-utf8      that framing

Keys for all: `delay=ms` between events (instead of `pace_s`), `events=N` deltas of text, `split=N` bytes a socket
write, `of=<script>` for the faults. Framing and event faults leave unary answers as they are; `error-first` and
`error-mid` are then the HTTP error; cuts and silences hold for both.

What the provider received: `DemoServer.seen`, or `GET /_demo/seen[?last=N]`; who went away: `GET /_demo/streams`.
"""

from relay.run.demo.server import DemoServer
from relay.run.demo.traffic import Seen

__all__ = ["DemoServer", "Seen"]
