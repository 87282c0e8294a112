/* How a script's answer is spelled: in the Messages dialect, or in Chat Completions. */
#ifndef RELAY_BENCH_FORM_H
#define RELAY_BENCH_FORM_H

#include <stdio.h>

struct form {
    void (*open)(FILE *to);                    /* what goes before the first delta */
    const char *before, *after;                /* the text of a delta stands between them */
    void (*close)(FILE *to, unsigned events);  /* what goes behind the last */
    const char *unary_before, *unary_after;    /* the text of a whole answer stands between them */
};

extern const struct form MESSAGES_FORM, CHAT_FORM;

#endif
