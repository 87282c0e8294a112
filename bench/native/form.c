#define _GNU_SOURCE
#include "form.h"

#define USAGE                                                                                                          \
    "\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":"
#define CHUNK                                                                                                          \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"                     \
    "\"model\":\"bench\",\"system_fingerprint\":\"fp_bench\",\"choices\":"

static void open_messages(FILE *to)
{
    fputs("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\","
          "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\",\"content\":[],\"stop_reason\":null,"
          "\"stop_sequence\":null," USAGE "1}}}\n\n"
          "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
          "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
          to);
}

static void close_messages(FILE *to, unsigned events)
{
    fprintf(to,
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
            "\"stop_sequence\":null}," USAGE "%u}}\n\n"
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            events);
}

static void open_chat(FILE *to)
{
    fputs(CHUNK "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null,"
                "\"finish_reason\":null}]}\n\n",
          to);
}

static void close_chat(FILE *to, unsigned events)
{
    fprintf(to,
            CHUNK "[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n" CHUNK
                  "[],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":%u,\"total_tokens\":%u}}\n\n"
                  "data: [DONE]\n\n",
            events, 25 + events);
}

const struct form MESSAGES_FORM = {
    open_messages,
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"",
    "\"}}\n\n",
    close_messages,
    "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench\","
    "\"content\":[{\"type\":\"text\",\"text\":\"",
    "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null," USAGE "120}}",
};

const struct form CHAT_FORM = {
    open_chat,
    CHUNK "[{\"index\":0,\"delta\":{\"content\":\"",
    "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
    close_chat,
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
    "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":120,\"total_tokens\":145}}",
};
