// Canary: what the rules over object code forbid, so that a test can see them caught.
#include <unistd.h>

extern "C" {
int tidy_canary_count = 1;
int tidy_canary() { return getpid() + tidy_canary_count; }
}
