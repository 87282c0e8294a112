/* One program, two roles, each its own process: `loadgen provider` answers, `loadgen client` asks and checks. */
#include "roles.h"

#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "provider") == 0)
        return provider_main(count - 1, words + 1);
    if (count > 1 && strcmp(words[1], "client") == 0)
        return client_main(count - 1, words + 1);
    fprintf(stderr, "usage: loadgen provider|client [options]\n");
    return 2;
}
