#ifndef RELAY_BENCH_ROLES_H
#define RELAY_BENCH_ROLES_H

int provider_main(int count, char **words);
int client_main(int count, char **words);

#endif
